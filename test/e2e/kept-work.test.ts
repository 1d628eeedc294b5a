import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { fieldText, openEditor, ready } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const openTemplate = async (page: Page, id: string): Promise<void> => {
  const before = await page.evaluate(() => window.__editor?.state.document);
  if ((await page.locator('[data-template]').count()) === 0) await page.click('#rail-templates');
  await page.click(`[data-template="${id}"]`);
  await page.waitForFunction((old) => window.__editor?.state.document !== old, before);
};

const openRecent = async (page: Page, nth = 0): Promise<void> => {
  await page.locator('#graph').focus();
  await page.keyboard.press('ControlOrMeta+o');
  await page.locator('[data-kept]').nth(nth).click();
  await page.locator('.curtain').waitFor({ state: 'detached' });
};

const recentNames = async (page: Page): Promise<readonly string[]> => {
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.locator('#choose-file').waitFor();
  const names = await page.locator('[data-kept] b').allTextContents();
  await page.keyboard.press('Escape');
  await page.locator('.curtain').waitFor({ state: 'detached' });
  return names;
};

describe('work that the browser keeps', () => {
  const rig = sharedRig();

  it('finds earlier work again after other workflows were opened and changed', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.fill('.inspector textarea', 'my own comet');
    // At once, before anything was kept by time.
    await openTemplate(page, 'image-to-image');
    await page.evaluate(() => {
      const [first] = window.__editor?.nodes() ?? [];
      if (first) window.__editor?.view.setTitle(first.id, 'Changed');
    });
    await openTemplate(page, 'text-to-image');
    await page.fill('.inspector textarea', 'a third thing');
    expect(await recentNames(page)).toEqual(['Image to image', 'Text to image']);
    await openRecent(page, 1);
    expect(await fieldText(page, 'Prompt', 'text')).toBe('my own comet');
    expect(await recentNames(page)).toEqual(['Text to image', 'Image to image']);
    await openRecent(page);
    expect(await fieldText(page, 'Prompt', 'text')).toBe('a third thing');
    // Undo leads back through the documents; each stays under its own name.
    await page.locator('#graph').focus();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await fieldText(page, 'Prompt', 'text')).toBe('my own comet');
    await page.reload();
    await ready(page);
    expect(await fieldText(page, 'Prompt', 'text')).toBe('my own comet');
    expect(await recentNames(page)).toEqual(['Text to image', 'Image to image']);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('keeps no template that was only looked at, but shows it again in its own tab', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await openTemplate(page, 'image-to-image');
    expect(await recentNames(page)).toEqual([]);
    await page.reload();
    await page.waitForFunction(() => window.__editor?.state.name === 'Image to image');
    expect(await page.locator('.toast').count()).toBe(0);
    const other = await context.newPage();
    await other.goto(rig.server.url);
    await ready(other);
    expect(await other.evaluate(() => window.__editor?.state.name)).toBe('Text to image');
    await context.close();
  });

  it('lets two tabs change the same work without losing either', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await page.fill('.inspector textarea', 'from the first tab');
    await page.evaluate(() => window.__editor?.keepNow());
    const other = await context.newPage();
    await other.goto(rig.server.url);
    await ready(other);
    await other.fill('.inspector textarea', 'from the second tab');
    await other.evaluate(() => window.__editor?.keepNow());
    await page.fill('.inspector textarea', 'and the first again');
    await page.evaluate(() => window.__editor?.keepNow());
    const kept = await page.evaluate(() => JSON.stringify(localStorage));
    expect(kept).toContain('from the second tab');
    expect(kept).toContain('and the first again');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByRole('button', { name: /^Forget/ }).click();
    await page.locator('[data-kept]').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('from the second tab');
    await context.close();
  });
});
