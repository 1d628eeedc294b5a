import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openEditor } from './editor-page.ts';
import { drag, locate } from './hand.ts';
import { sharedRig } from './real-server.ts';

const choose = async (page: Page, ...titles: readonly string[]): Promise<void> => {
  for (const [index, node] of titles.entries()) {
    if (index > 0) await page.keyboard.down('Shift');
    await page.mouse.click(...(await locate(page, { node, part: 'header' })));
    if (index > 0) await page.keyboard.up('Shift');
  }
};

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const placeOf = (page: Page, title: string): Promise<Place> =>
  page.evaluate((wanted) => {
    const id = window.__editor?.nodes().find(({ title: name }) => name === wanted)?.id;
    const node = window.__editor?.view.save().nodes.find((one) => String(one.id) === id);
    if (node === undefined) throw new Error(`There is no node “${wanted}”.`);
    return { x: node.pos[0], y: node.pos[1], width: node.size[0] };
  }, title);

const groups = (page: Page): Promise<readonly { title: string; color?: string; bounding: readonly number[] }[]> =>
  page.evaluate(() => window.__editor?.view.save().groups ?? []);

/** A point of the first group on the page, `dx` and `dy` from its left upper corner, or from its right lower one if they are negative. */
const groupPoint = (page: Page, dx: number, dy: number): Promise<[number, number]> =>
  page.evaluate(
    ([right, down]) => {
      const [group] = window.__editor?.view.save().groups ?? [];
      const canvas = document.querySelector<HTMLCanvasElement & { data: { ds: { scale: number; offset: [number, number] } } }>('#graph');
      if (group === undefined || canvas === null) throw new Error('There is no group.');
      const [x, y, width, height] = group.bounding;
      const box = canvas.getBoundingClientRect();
      const { scale, offset } = canvas.data.ds;
      const [px, py] = [right < 0 ? x + width + right : x + right, down < 0 ? y + height + down : y + down];
      return [box.left + (px + offset[0]) * scale, box.top + (py + offset[1]) * scale];
    },
    [dx, dy] as const,
  );

describe('arranging a graph', () => {
  const rig = sharedRig();

  it('makes a group, names, colours, moves, resizes and deletes it with what is in it, each one step of undo', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await choose(page, 'Prompt', 'Avoid');
    await page.keyboard.press('ControlOrMeta+g');
    await page.fill('[aria-label="Title of the group"]', 'Words');
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: 'Green' }).click();
    expect(await groups(page)).toMatchObject([{ title: 'Words', color: '#4d8b5f' }]);
    await page.waitForFunction(() => document.querySelector('.swatches [aria-checked=true]')?.getAttribute('aria-label') === 'Green');
    const before = await placeOf(page, 'Prompt');
    const [x, y] = await groupPoint(page, 40, 14);
    await drag(page, [x, y], [x + 60, y + 30]);
    const after = await placeOf(page, 'Prompt');
    expect([after.x > before.x + 40, after.y > before.y + 20]).toEqual([true, true]);
    const [width] = await groups(page).then(([group]) => [group?.bounding[2] ?? 0]);
    const corner = await groupPoint(page, -4, -4);
    await drag(page, corner, [corner[0] - 30, corner[1] - 6]);
    expect((await groups(page))[0]?.bounding[2]).toBeLessThan((width ?? 0) - 20);
    await page.getByRole('button', { name: 'Fit to its nodes' }).click();
    expect((await groups(page))[0]?.bounding[2]).toBeCloseTo(width ?? 0, 0);
    await page.mouse.click(...(await groupPoint(page, 40, 14)));
    await page.locator('#graph').focus();
    await page.keyboard.press('Delete');
    expect([await groups(page), await page.evaluate(() => window.__editor?.nodes().length)]).toEqual([[], 9]);
    // Back: delete, fit, resize, move, colour, name, group.
    for (let step = 0; step < 4; step++) await page.keyboard.press('ControlOrMeta+z');
    expect(await placeOf(page, 'Prompt')).toEqual(before);
    expect(await groups(page)).toMatchObject([{ title: 'Words', color: '#4d8b5f' }]);
    await page.keyboard.press('ControlOrMeta+z');
    expect((await groups(page))[0]?.color).toBeUndefined();
    await page.keyboard.press('ControlOrMeta+z');
    expect((await groups(page))[0]?.title).toBe('Group');
    await page.keyboard.press('ControlOrMeta+z');
    expect(await groups(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('lines nodes up and spreads them evenly; pinned ones stay where they are', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await choose(page, 'Load model', 'Prompt', 'Noise');
    await page.getByRole('button', { name: 'Line up left edges' }).click();
    const xs = await Promise.all(['Load model', 'Prompt', 'Noise'].map(async (title) => (await placeOf(page, title)).x));
    expect(new Set(xs).size).toBe(1);
    await page.locator('#graph').focus();
    await page.keyboard.press('ControlOrMeta+z');
    await page.getByRole('button', { name: 'Spread evenly from left to right' }).click();
    const [a, b, c] = await Promise.all(['Load model', 'Prompt', 'Noise'].map((title) => placeOf(page, title)));
    if (!a || !b || !c) throw new Error('A node is missing.');
    expect(Math.abs(b.x - (a.x + a.width) - (c.x - (b.x + b.width)))).toBeLessThanOrEqual(2);
    await page.locator('#graph').focus();
    await page.keyboard.press('Escape');
    await choose(page, 'Sampler');
    await page.keyboard.press('p');
    const pinned = await placeOf(page, 'Sampler');
    const [x, y] = await locate(page, { node: 'Sampler', part: 'header' });
    await drag(page, [x, y], [x + 80, y + 50]);
    expect(await placeOf(page, 'Sampler')).toEqual(pinned);
    await page.keyboard.press('p');
    await drag(page, [x, y], [x + 80, y + 50]);
    expect((await placeOf(page, 'Sampler')).x).toBeGreaterThan(pinned.x + 50);
    expect(errors).toEqual([]);
    await context.close();
  });
});
