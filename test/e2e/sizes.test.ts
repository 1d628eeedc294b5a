import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { writeTinyFolder } from '../engine/tiny-models.ts';
import { axeFindings } from './axe.ts';
import { fieldText, openEditor } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const models = await mkdtemp(join(tmpdir(), 'sizes-'));
await writeTinyFolder('sd15', models, { unet: 'even' });
afterAll(() => rm(models, { recursive: true, force: true }));
const rig = sharedRig(['--models', models]);

const setField = (page: Page, node: string, field: string, value: string | number): Promise<void> =>
  page.evaluate(
    ([title, name, wanted]) => {
      const found = window.__editor?.nodes().find((one) => one.title === title);
      if (found !== undefined) window.__editor?.view.setValue(found.id, name, wanted);
    },
    [node, field, value] as const,
  );

it('shows at the field, before Run, that the model does not take a size, and steps from one that it takes to the next', async () => {
  const { page, context, errors } = await openEditor(rig.browser, rig.server.url, { bypassCSP: true, reducedMotion: 'reduce' });
  await setField(page, 'Empty latent', 'width', 72);
  const id = await page.evaluate(() => window.__editor?.nodes().find(({ title }) => title === 'Empty latent')?.id ?? '');
  await page.evaluate((node) => window.__editor?.view.select([node], { reveal: true }), id);
  const field = page.locator(`.inspector [data-field="${id}.width"]`);
  await field.waitFor();
  expect(await field.locator('.problem').count()).toBe(0);
  await setField(page, 'Load model', 'ckpt_name', 'sd15');
  await field.locator('.problem').waitFor();
  expect(await field.locator('.problem').textContent()).toContain(
    'takes only multiples of 16, as it was exported, and this is 72. Choose 64 or 80',
  );
  expect(await axeFindings(page)).toEqual([]);
  const input = field.locator('input[type=number]');
  expect(await input.getAttribute('step')).toBe('16');
  await input.press('ArrowUp');
  await input.press('Tab');
  expect(await fieldText(page, 'Empty latent', 'width')).toBe('80');
  await field.locator('.problem').waitFor({ state: 'detached' });
  // Another model takes every size again, one step back does not.
  await setField(page, 'Empty latent', 'width', 88);
  await field.locator('.problem').waitFor();
  await setField(page, 'Load model', 'ckpt_name', 'tiny-emoji');
  await field.locator('.problem').waitFor({ state: 'detached' });
  expect(await input.getAttribute('step')).toBe('8');
  await page.locator('#graph').focus();
  await page.keyboard.press('ControlOrMeta+z');
  await field.locator('.problem').waitFor();
  expect(await page.evaluate(() => window.__editor?.runs.active().length)).toBe(0);
  expect(errors).toEqual([]);
  await context.close();
});
