import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axeFindings } from './axe.ts';
import { endOfRun, fieldText, openEditor, wiresOf } from './editor-page.ts';
import { wire } from './hand.ts';
import { sharedRig } from './real-server.ts';

/** Drops the template, with some of its text replaced, on the page as somebody else's file. */
const dropChanged = (page: Page, changes: Readonly<Record<string, string>>): Promise<void> =>
  page.evaluate((replaced) => {
    const whole = JSON.stringify(window.__editor?.view.save());
    const text = Object.entries(replaced).reduce((before, [from, to]) => before.replaceAll(from, to), whole);
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], 'found.json', { type: 'application/json' }));
    dispatchEvent(new DragEvent('drop', { cancelable: true, dataTransfer }));
  }, changes);

describe('what does not fit or is not here', () => {
  const rig = sharedRig();

  it('says in plain words why a wire does not fit, and inserts the node that would make it fit', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await wire(page, ['Sampler loop', 'output'], ['Save image', 'images']);
    const toast = page.locator('.toast', { hasText: 'this wire carries' });
    await toast.waitFor();
    expect(await toast.textContent()).toContain(
      '“Save image” takes a picture (IMAGE) at “image”, and this wire carries a latent (LATENT). “VAE decode”',
    );
    await toast.getByRole('button', { name: 'Insert VAE decode', exact: true }).click();
    const wires = await wiresOf(page);
    expect(wires['Save image']).toEqual({ images: 'VAE decode' });
    expect(
      await page.evaluate(() =>
        window.__editor
          ?.nodes()
          .filter(({ type }) => type.endsWith('VAEDecode'))
          .map(({ inputs }) => inputs.filter(({ link }) => link).length),
      ),
    ).toEqual([2, 2]);
    await page.locator('#graph').focus();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await page.evaluate(() => window.__editor?.nodes().length)).toBe(11);
    await wire(page, ['Load model', 'MODEL'], ['Save image', 'images']);
    const hopeless = page.locator('.toast', { hasText: 'a model (MODEL)' });
    expect(await hopeless.textContent()).toContain('No node makes one out of the other');
    expect(await hopeless.getByRole('button').allTextContents()).toEqual(['Close']);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('explains on Run what is missing, takes the nearest instead, and then runs', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, { bypassCSP: true, reducedMotion: 'reduce' });
    await dropChanged(page, { 'diffusion/VAEDecode': 'diffusion/VAEDecodes', 'tiny-emoji': 'tiny-emojis' });
    await page.waitForFunction(() => window.__editor?.nodes().some(({ known }) => !known));
    await page.click('#run');
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toMatch(/cannot run here yet.*VAEDecodes.*tiny-emojis/s);
    expect(await dialog.getByRole('button', { name: 'Run', exact: true }).count()).toBe(0);
    expect(await page.evaluate(() => window.__editor?.runs.active().length)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Use VAE decode instead' }).click();
    await dialog.getByRole('button', { name: 'Use tiny-emoji instead' }).click();
    await dialog.getByText('Nothing is missing any more').waitFor();
    expect((await wiresOf(page))['VAE decode']).toEqual({ samples: 'Sampler loop', vae: 'Load model' });
    expect((await wiresOf(page))['Save image']).toEqual({ images: 'VAE decode' });
    expect(await fieldText(page, 'Load model', 'ckpt_name')).toBe('tiny-emoji');
    await page.click('#mended-run');
    // It came from elsewhere: what it uses is shown first all the same.
    await page.click('#foreign-run');
    expect(await endOfRun(page)).toBe('done');
    expect(errors).toEqual([]);
    await context.close();
  });
});
