import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPngText } from '../../workflows/index.ts';
import { axeFindings } from './axe.ts';
import { fieldText, openEditor, runToEnd } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const table = 'Prompt.text,noise_seed,steps,word\n"red apple, ripe",7,2,apple\nrocket,8,many,rocket\nsunflower,,2,flower\n';

/** A page with few steps, so that a picture takes no time. */
async function openQuick(browser: Browser, url: string, options: Parameters<typeof openEditor>[2] = {}) {
  const watched = await openEditor(browser, url, { bypassCSP: true, reducedMotion: 'reduce', ...options });
  await watched.page.evaluate(() => window.__editor?.view.setValue('4', 'steps', 2));
  return watched;
}

const runText = async (page: Page): Promise<string> => (await page.locator('#run').textContent())?.trim() ?? '';

/** Waits until the batch that is shown has ended. */
const batchEnds = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => ['done', 'failed', 'interrupted'].includes(window.__editor?.state.batch?.state ?? ''));

describe('sweeps and batches in the editor', () => {
  const rig = sharedRig();

  it('marks fields, undoes and saves the marks, runs every combination, and gives the values of a cell back', async () => {
    const { page, context, errors } = await openQuick(rig.browser, rig.server.url);
    await page.evaluate(() => window.__editor?.view.select(['5']));
    await page.getByRole('button', { name: 'Try several values of guidance' }).click();
    await page.locator('.axis input').fill('1..4:3');
    await page.keyboard.press('Tab');
    await page.evaluate(() => window.__editor?.view.select(['7']));
    await page.getByRole('button', { name: 'Try several values of sampler' }).click();
    await expect.poll(() => runText(page)).toBe('Run sweep (4 pictures)');
    await page.evaluate(() => window.__editor?.view.canvas.focus());
    await page.keyboard.press('Control+z');
    await expect.poll(() => runText(page)).toBe('Run sweep (2 pictures)');
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => runText(page)).toBe('Run sweep (4 pictures)');
    await page.locator('.axis').getByLabel('dpmpp_2m', { exact: true }).uncheck();
    await page.reload();
    await page.waitForFunction(() => window.__editor?.state.device !== undefined);
    await expect.poll(() => runText(page)).toBe('Run sweep (2 pictures)');
    await page.click('#run');
    await page.getByRole('dialog', { name: 'Text to image, sweep' }).waitFor();
    await batchEnds(page);
    await page.locator('#show-grid').waitFor();
    expect(await page.locator('.sweep-grid thead th').allInnerTexts()).toEqual(['Sampler', '1', '4']);
    expect(await axeFindings(page)).toEqual([]);
    await page.locator('button.cell').first().click();
    await page.click('#use-values');
    expect(await fieldText(page, 'U-Net (guidance)', 'cfg')).toBe('1');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('binds the columns of a table to fields, names what does not fit, shows the names, and runs the rest', async () => {
    const { page, context, errors } = await openQuick(rig.browser, rig.server.url, {
      colorScheme: 'light',
      viewport: { width: 390, height: 844 },
    });
    await page.click('#tab-queue');
    await page.click('#new-batch');
    await page.setInputFiles('#table-file', { name: 'prompts.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });
    const dialog = page.getByRole('dialog', { name: 'New batch' });
    await dialog.getByText('“word” names no field').waitFor();
    await dialog.getByText('Row 2, steps: Expected a whole number').waitFor();
    await page.fill('#batch-name', '{row}-{word}-{seed}');
    await expect
      .poll(() => dialog.locator('.names code').allInnerTexts())
      .toEqual(['0001-apple-7.png', '0002-rocket-8.png', '0003-flower-1.png']);
    expect(await axeFindings(page)).toEqual([]);
    await page.click('#start-batch');
    await batchEnds(page);
    await page.getByText('2 of 3 done · 1 failed').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.click('#open-folder');
    await expect
      .poll(() => page.locator('.thumb').evaluateAll((all) => all.map((one) => one.getAttribute('title')?.split('/')[1]).sort()))
      .toEqual(['0001-apple-7.png', '0003-flower-1.png']);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('sends pictures that were chosen to the server and runs each, but the one that is none', async () => {
    const { page, context, errors } = await openQuick(rig.browser, rig.server.url);
    await page.click('#rail-templates');
    await page.click('[data-template="image-to-image"]');
    await page.waitForFunction(() => window.__editor?.state.name === 'Image to image');
    const sampler = await page.evaluate(() => window.__editor?.nodes().find(({ type }) => type === 'KSampler')?.id ?? '');
    await page.evaluate((id) => window.__editor?.view.setValue(id, 'steps', 1), sampler);
    await page.getByRole('button', { name: 'More ways to run' }).click();
    await page.getByRole('menuitem', { name: 'New batch' }).click();
    const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/png', buffer });
    await page.setInputFiles('#picture-files', [file('b 10.png', picture), file('b 9.png', picture), file('a.png', Buffer.from('no'))]);
    const dialog = page.getByRole('dialog', { name: 'New batch' });
    await dialog.getByText('One row will fail').waitFor();
    expect(await dialog.locator('tbody tr').allInnerTexts()).toEqual(['1\t\ta', '2\tb 9.png\tb 9', '3\tb 10.png\tb 10']);
    await page.fill('#batch-name', '{file}');
    expect(await axeFindings(page)).toEqual([]);
    await page.click('#start-batch');
    await batchEnds(page);
    await page.getByText('2 of 3 done · 1 failed').first().waitFor();
    const batch = await page.evaluate(() =>
      window.__editor?.state.batch?.items.flatMap(({ files }) => files.map((one) => one.split('/')[1])),
    );
    expect(batch?.sort()).toEqual(['b 10.png', 'b 9.png']);
    // The browser itself notes the answer to the file that is no picture.
    expect(errors).toEqual([expect.stringContaining('415')]);
    await context.close();
  });

  it('says what made a picture, makes it again, plays its steps, and gives it away without metadata', async () => {
    const { page, context, errors } = await openQuick(rig.browser, rig.server.url, { colorScheme: 'light' });
    await page.evaluate(() => window.__editor?.set({ record: true }));
    expect(await runToEnd(page)).toBe('done');
    await page.locator('.thumb[title^="picture"]').first().click();
    await page.locator('#made-with summary').click();
    await page.click('#verify');
    await page.getByText('Bit-equal').waitFor();
    await page.click('#replay');
    await page.getByText('Step 2 of 2').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download-plain')]);
    expect([...readPngText(await readFile(await file.path()))]).toEqual([]);
    await page.locator('.inline select').selectOption({ index: 2 });
    await page.locator('#differences summary').click();
    await page.locator('#differences table, #differences .says').first().waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });
});
