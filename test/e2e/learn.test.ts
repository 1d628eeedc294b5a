import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type WatchedPage } from './browser.ts';
import { openEditor, runToEnd } from './editor-page.ts';
import { type RealServer, startRealServer } from './real-server.ts';

const lessons = (await readdir(join(import.meta.dirname, '../../workflows/learn')))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .sort();

/** Opens a lesson by the menu, as a person would. */
async function openLesson(page: Page, lesson: string): Promise<void> {
  const before = await page.evaluate(() => window.__editor?.state.name);
  if (!(await page.locator('[data-template]').first().isVisible())) await page.getByRole('button', { name: 'Templates' }).first().click();
  await page.click(`[data-template="learn/${lesson}"]`);
  await page.waitForFunction((old) => window.__editor?.state.name !== old, before);
}

/** The nodes that show something, and what kind of thing each was told to show. */
const shownBy = (page: Page): Promise<{ wanted: string[]; shown: Record<string, string> }> =>
  page.evaluate(() => {
    const app = window.__editor;
    const wanted = (app?.nodes() ?? []).filter(({ type }) => app?.catalogue.get(type.replace('diffusion/', ''))?.effect === 'show');
    const statuses = [...(app?.state.run?.nodes ?? [])];
    return {
      wanted: wanted.map(({ id }) => id),
      shown: Object.fromEntries(statuses.flatMap(([id, { content }]) => (content === undefined ? [] : [[id, content.kind]]))),
    };
  });

describe('the lessons in the editor', () => {
  let browser: Browser;
  let server: RealServer;
  let watched: WatchedPage;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startRealServer([])]);
    watched = await openEditor(browser, server.url);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  it('stand under “Learn diffusion” in the menu, in their order', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'Templates' }).first().click();
    const shown = page.locator('h3:has-text("Learn diffusion") + ul [data-template]');
    await shown.first().waitFor();
    expect(await shown.evaluateAll((entries) => entries.map((entry) => entry.getAttribute('data-template')))).toEqual(
      lessons.map((lesson) => `learn/${lesson}`),
    );
  });

  it.each(lessons)('%s opens, runs without an error and shows its pictures', async (lesson) => {
    const { page, errors } = watched;
    await openLesson(page, lesson);
    expect(await runToEnd(page)).toBe('done');
    const { wanted, shown } = await shownBy(page);
    expect(wanted.filter((id) => shown[id] === undefined)).toEqual([]);
    expect(Object.values(shown)).toContain('images');
    // What is drawn is drawn from pictures that could be loaded.
    await page.waitForLoadState('networkidle');
    expect(errors).toEqual([]);
  });

  it('the steps of a run can be gone through, and compared with those of the run before', async () => {
    const { page, errors } = watched;
    await openLesson(page, lessons.find((lesson) => lesson.startsWith('06')) ?? '');
    expect(await runToEnd(page)).toBe('done');
    await page.click('#timeline');
    const words = page.locator('.timeline .moment p');
    expect(await words.first().textContent()).toMatch(/Step 20 of 20/);
    await page.fill('#scrub', '0');
    await words.filter({ hasText: 'Step 1 of 20 · σ 14.6' }).waitFor();
    const loaded = (): Promise<boolean> =>
      page.evaluate(() => [...document.querySelectorAll<HTMLImageElement>('.timeline .part img')].every((image) => image.naturalWidth > 0));
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLImageElement>('.timeline .part img')].every((image) => image.complete),
    );
    expect(await loaded()).toBe(true);
    expect(await page.getByText('Compare with the run before').count()).toBe(0);
    await page.evaluate(() => {
      const noise = window.__editor?.nodes().find(({ type }) => type.endsWith('RandomNoise'));
      if (noise !== undefined) window.__editor?.view.setValue(noise.id, 'noise_seed', 77);
    });
    expect(await runToEnd(page)).toBe('done');
    await page.getByText('Compare with the run before').click();
    await page.fill('#scrub', '9');
    await words.nth(1).filter({ hasText: 'Step 10 of 20' }).waitFor();
    const [now, before] = await words.locator('span').allTextContents();
    expect(before).toBe(now);
    expect(errors).toEqual([]);
  });
});
