import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axeFindings } from './axe.ts';
import { endOfRun, openEditor, runToEnd } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

/** How many nodes of the last run have recorded steps, as the server has them. */
const recorded = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const answer: { nodes: unknown[] } = await (await fetch(`/v1/jobs/${window.__editor?.state.run?.id}/steps`)).json();
    return answer.nodes.length;
  });

describe('the steps of a run', () => {
  const rig = sharedRig();

  it('are recorded only for those who look at them, or as the menu says', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    expect(await page.locator('.timeline').count()).toBe(0);
    expect(await runToEnd(page)).toBe('done');
    expect(await recorded(page)).toBe(0);
    await page.click('#timeline');
    await page.locator('.timeline', { hasText: 'No step of the last run was recorded' }).waitFor();
    const before = await page.evaluate(() => window.__editor?.state.run?.id);
    await page.click('#record-run');
    expect(await endOfRun(page, before)).toBe('done');
    await page.locator('.timeline .moment', { hasText: 'Step 20 of 20' }).waitFor();
    expect(await recorded(page)).toBe(1);
    await page.click('#timeline');
    expect(await runToEnd(page)).toBe('done');
    expect(await recorded(page)).toBe(0);
    await page.click('.run .split');
    await page.getByRole('menuitemcheckbox', { name: 'Record steps' }).click();
    expect(await runToEnd(page)).toBe('done');
    expect(await recorded(page)).toBe(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('are recorded for a lesson from the first run on', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await page.click('#rail-templates');
    await page.locator('[data-template^="learn/06"]').click();
    await page.waitForFunction(() => window.__editor?.state.extra.record === true);
    expect(await runToEnd(page)).toBe('done');
    expect(await recorded(page)).toBeGreaterThan(0);
    await context.close();
  });

  it.each(['dark', 'light'] as const)('can be read and reached, on a phone without scrolling: %s', async (colorScheme) => {
    for (const size of ['desk', 'phone'] as const) {
      const { page, context } = await openEditor(rig.browser, rig.server.url, {
        colorScheme,
        viewport: sizes[size],
        bypassCSP: true,
        reducedMotion: 'reduce',
      });
      await page.evaluate(() => window.__editor?.set({ record: true }));
      expect(await runToEnd(page)).toBe('done');
      if (size === 'phone') await page.click('#tab-results');
      await page.click('#timeline');
      await page.locator('.timeline .moment').waitFor();
      await page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLImageElement>('.timeline .part img')].every(
          ({ complete, naturalWidth }) => complete && naturalWidth > 0,
        ),
      );
      expect(await axeFindings(page), `${colorScheme}, ${size}`).toEqual([]);
      const moment = await page.locator('.timeline .moment').boundingBox();
      if (moment === null) throw new Error('There is no step.');
      expect(moment.y + moment.height).toBeLessThanOrEqual(sizes[size].height);
      expect(moment.x + moment.width).toBeLessThanOrEqual(sizes[size].width);
      await context.close();
    }
  });
});
