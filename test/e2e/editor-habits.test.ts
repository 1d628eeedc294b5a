import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { endOfRun, fieldText, openEditor, runToEnd, wiresOf } from './editor-page.ts';
import { locate } from './hand.ts';
import { sharedRig } from './real-server.ts';

const clickTitle = async (page: Page, node: string, options: Parameters<Page['mouse']['click']>[2] = {}): Promise<void> =>
  page.mouse.click(...(await locate(page, { node, part: 'header' })), options);

const count = (page: Page): Promise<number | undefined> => page.evaluate(() => window.__editor?.nodes().length);
const nameOf = (page: Page): Promise<string | undefined> => page.evaluate(() => window.__editor?.state.name);
const groupsOf = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (window.__editor?.view.save().groups ?? []).map(({ title }) => title));

/** Where the title of the first group is on the page. */
const groupTitle = (page: Page): Promise<[number, number]> =>
  page.evaluate(() => {
    const { view } = window.__editor ?? {};
    const [group] = view?.save().groups ?? [];
    const canvas = document.querySelector<HTMLCanvasElement & { data: { ds: { scale: number; offset: [number, number] } } }>('#graph');
    if (group === undefined || canvas === null) throw new Error('There is no group.');
    const box = canvas.getBoundingClientRect();
    const { scale, offset } = canvas.data.ds;
    return [box.left + (group.bounding[0] + 30 + offset[0]) * scale, box.top + (group.bounding[1] + 14 + offset[1]) * scale];
  });

describe('habits of people in the editor', () => {
  const rig = sharedRig();

  it('copies and pastes nodes beside what is there, with and without the wires that came in', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await clickTitle(page, 'Prompt');
    await page.keyboard.press('ControlOrMeta+c');
    await page.keyboard.press('ControlOrMeta+v');
    await page.waitForFunction(() => window.__editor?.nodes().length === 12);
    expect((await wiresOf(page)).Prompt).toEqual({});
    await page.keyboard.press('ControlOrMeta+z');
    expect(await count(page)).toBe(11);
    await page.keyboard.press('ControlOrMeta+Shift+v');
    await page.waitForFunction(() => window.__editor?.nodes().length === 12);
    const fed = await page.evaluate(() =>
      (window.__editor?.nodes() ?? []).filter(({ title, inputs }) => title === 'Prompt' && inputs.some(({ link }) => link !== undefined)),
    );
    expect(fed).toHaveLength(2);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('takes back a new name, new notes and a mark, each as a step of its own, and keeps them in the browser', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.click('#name');
    await page.locator('[aria-label=Name]').fill('Mine');
    await page.keyboard.press('Enter');
    // The focus goes back to what opened the dialog, a frame after it has closed.
    await page.waitForFunction(() => document.activeElement?.id === 'name');
    await page.fill('#form-notes', 'look here');
    await page.keyboard.press('Tab');
    await clickTitle(page, 'Sampler');
    await page.click('[data-field$=".sampler_name"] [aria-pressed]');
    await page.waitForFunction(() => {
      const kept = JSON.stringify(localStorage);
      return kept.includes('Mine') && kept.includes('look here') && kept.includes('.sampler_name');
    });
    await clickTitle(page, 'Noise');
    await page.keyboard.press('ControlOrMeta+m');
    await page.keyboard.press('ControlOrMeta+z');
    expect(await nameOf(page)).toBe('Mine');
    const extra = (): Promise<string> => page.evaluate(() => JSON.stringify(window.__editor?.state.extra));
    await page.keyboard.press('ControlOrMeta+z');
    expect(await extra()).not.toContain('.sampler_name');
    expect(await extra()).toContain('look here');
    await page.keyboard.press('ControlOrMeta+z');
    expect(await extra()).not.toContain('look here');
    expect(await nameOf(page)).toBe('Mine');
    await page.keyboard.press('ControlOrMeta+z');
    expect(await nameOf(page)).toBe('Text to image');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('renames a group by a double click, chooses what is in it by a click, and takes it away by its menu or with its nodes', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await clickTitle(page, 'Prompt');
    await page.keyboard.down('Shift');
    await clickTitle(page, 'Avoid');
    await page.keyboard.up('Shift');
    await page.keyboard.press('ControlOrMeta+g');
    await page.mouse.dblclick(...(await groupTitle(page)));
    await page.keyboard.type('Words');
    await page.keyboard.press('Enter');
    expect(await groupsOf(page)).toEqual(['Words']);
    await page.mouse.click(...(await groupTitle(page)), { button: 'right' });
    await page.getByRole('menuitem', { name: 'Ungroup' }).click();
    expect(await groupsOf(page)).toEqual([]);
    await page.keyboard.press('ControlOrMeta+z');
    await page.keyboard.press('Escape');
    await page.mouse.click(...(await groupTitle(page)));
    await page.keyboard.press('Delete');
    expect(await count(page)).toBe(9);
    expect(await groupsOf(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('shows a problem only as long as it is there', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const sigmas = (wired: boolean): Promise<void> =>
      page.evaluate((on) => {
        const { nodes = () => [], view } = window.__editor ?? {};
        const id = (title: string): string => nodes().find((node) => node.title === title)?.id ?? '';
        if (on) view?.connect({ node: id('Sampling steps'), output: 0 }, { node: id('Sampler loop'), input: 'sigmas' });
        else view?.disconnect({ node: id('Sampler loop'), input: 'sigmas' });
      }, wired);
    await sigmas(false);
    await page.click('#run');
    await page.locator('.status .problem').waitFor();
    await sigmas(true);
    await page.locator('.status .problem').waitFor({ state: 'detached' });
    await sigmas(false);
    await page.click('#run');
    await page.locator('.status .problem').waitFor();
    await page.locator('#graph').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await page.locator('.status .problem').waitFor({ state: 'detached' });
    await context.close();
  });

  it('walks through menus by arrows, and gives the focus back to what opened a dialog', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.locator('.curtain').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.curtain').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Share');
    await clickTitle(page, 'Noise', { button: 'right' });
    await page.locator('.menu.context').waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Run to here');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toMatch(/^Group/);
    await page.keyboard.press('Escape');
    await page.locator('.menu.context').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => window.__editor?.state.selection.length === 0);
    await context.close();
  });

  it('keeps menus on the page, wherever they are asked for', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const table = await page.locator('#graph').boundingBox();
    if (table === null) throw new Error('There is no table.');
    await page.mouse.click(table.x + table.width - 4, table.y + table.height - 4, { button: 'right' });
    await page.setViewportSize({ width: 1440, height: 900 });
    const menu = await page.locator('.menu.context').boundingBox();
    expect((menu?.x ?? 0) + (menu?.width ?? 9999)).toBeLessThanOrEqual(1440);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 420, height: 500 });
    await page.locator('#tab-prompt').click();
    await page.locator('.sheet.closed').waitFor();
    const phone = await page.locator('#graph').boundingBox();
    if (phone === null) throw new Error('There is no table.');
    await page.mouse.click(phone.x + phone.width - 4, phone.y + phone.height - 4, { button: 'right' });
    const low = await page.locator('.menu.context').boundingBox();
    expect((low?.x ?? 0) + (low?.width ?? 9999)).toBeLessThanOrEqual(420);
    expect((low?.y ?? 0) + (low?.height ?? 9999)).toBeLessThanOrEqual(500);
    await context.close();
  });

  it('tells on a phone what runs; nothing is running after a cancel', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await page.evaluate(() => {
      const { nodes = () => [], view } = window.__editor ?? {};
      const steps = nodes().find(({ title }) => title === 'Sampling steps');
      if (steps) view?.setValue(steps.id, 'steps', 2000);
    });
    await page.tap('#run');
    await page.locator('.status progress').waitFor();
    const cancel = await page.locator('#cancel').boundingBox();
    expect((cancel?.x ?? 0) + (cancel?.width ?? 9999)).toBeLessThanOrEqual(390);
    await page.tap('#cancel');
    expect(await endOfRun(page)).toBe('cancelled');
    await page.tap('#tab-outline');
    await page.locator('.outline summary').first().waitFor();
    expect(await page.locator('.outline summary small').allTextContents()).not.toContain('running');
    expect(await page.locator('.outline summary small').allTextContents()).not.toContain('waiting');
    await context.close();
  });

  it('shows the values of the picture that is looked at, and says which file cannot be opened', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    for (const prompt of ['rocket', 'tulip']) {
      await page.fill('.inspector textarea', prompt);
      expect(await runToEnd(page)).toBe('done');
    }
    await page.locator('.thumb').nth(1).waitFor();
    await page.locator('.thumb').first().click();
    await page.locator('.viewer summary', { hasText: 'Values used' }).click();
    await page.locator('.viewer pre', { hasText: 'Prompt · text: tulip' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.viewer pre', { hasText: 'Prompt · text: rocket' }).waitFor();
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['hello'], 'words.json'));
      dispatchEvent(new DragEvent('drop', { cancelable: true, dataTransfer }));
    });
    await page.locator('.toast', { hasText: '“words.json” cannot be opened.' }).waitFor();
    expect(await fieldText(page, 'Prompt', 'text')).toBe('tulip');
    await context.close();
  });
});
