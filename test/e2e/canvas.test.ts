import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { fieldText, openEditor } from './editor-page.ts';
import { drag, locate } from './hand.ts';
import { sharedRig } from './real-server.ts';

interface Place {
  readonly scale: number;
  readonly offset: readonly [number, number];
}

/** Zoom and place of the view. */
const placeOf = (page: Page): Promise<Place> =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement & { data: { ds: Place } }>('#graph');
    const { scale = 0, offset = [0, 0] } = canvas?.data.ds ?? {};
    return { scale, offset: [offset[0], offset[1]] };
  });

const near = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))));

describe('the canvas', () => {
  const rig = sharedRig();

  it('is as sharp as the screen', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url, { deviceScaleFactor: 2 });
    const [pixels, size] = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#graph');
      return [canvas?.width, canvas?.clientWidth];
    });
    expect(pixels).toBe(2 * (size ?? 0));
    await context.close();
  });

  it('zooms around the pointer, moves with space and with the middle button, and shows all with a key', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    const header = { node: 'Sampler loop', part: 'header' } as const;
    const before = await locate(page, header);
    const first = await placeOf(page);
    await page.mouse.move(...before);
    await page.mouse.wheel(0, -300);
    expect((await placeOf(page)).scale).toBeGreaterThan(first.scale * 1.2);
    expect(near(await locate(page, header), before)).toBeLessThan(1);
    await page.keyboard.press('Tab');
    await page.locator('#graph').focus();
    await page.keyboard.down('Space');
    await drag(page, [300, 640], [380, 600]);
    await page.keyboard.up('Space');
    expect(near(await locate(page, header), [before[0] + 80, before[1] - 40])).toBeLessThan(1);
    await page.mouse.move(300, 640);
    await page.mouse.down({ button: 'middle' });
    await page.mouse.move(220, 680, { steps: 4 });
    await page.mouse.up({ button: 'middle' });
    expect(near(await locate(page, header), before)).toBeLessThan(1);
    await page.keyboard.press('.');
    expect((await placeOf(page)).scale).toBeCloseTo(first.scale, 5);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('takes two quick clicks apart from each other for two clicks, and two on one place for the search', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await page.mouse.click(200, 650);
    await page.mouse.click(320, 690);
    expect(await page.locator('.picker').count()).toBe(0);
    await page.mouse.dblclick(200, 650);
    await page.locator('.picker').waitFor();
    await context.close();
  });

  it('moves, resizes and boxes nodes; the wires and all values stay', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    const header = { node: 'Save image', part: 'header' } as const;
    const from = await locate(page, header);
    await drag(page, from, [from[0] - 60, from[1] + 300]);
    const moved = await locate(page, header);
    expect(near(moved, [from[0] - 60, from[1] + 300])).toBeLessThan(8);
    await page.keyboard.press('ControlOrMeta+z');
    expect(near(await locate(page, header), from)).toBeLessThan(1);
    const prompt = await locate(page, { node: 'Prompt', part: 'header' });
    const avoid = await locate(page, { node: 'Avoid', part: 'header' });
    await page.keyboard.down('Shift');
    await drag(page, [prompt[0] - 100, prompt[1] - 18], [avoid[0] + 90, avoid[1] + 40]);
    await page.keyboard.up('Shift');
    const chosen = await page.evaluate(() =>
      (window.__editor?.nodes() ?? []).filter(({ id }) => window.__editor?.state.selection.includes(id)).map(({ title }) => title),
    );
    expect(chosen).toEqual(expect.arrayContaining(['Prompt', 'Avoid']));
    expect(errors).toEqual([]);
    await context.close();
  });

  it('edits numbers in place within their limits, and says why a text is no number', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const steps = await locate(page, { node: 'Sampling steps', part: 'field', name: 'steps' });
    await page.mouse.dblclick(...steps);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('99999999');
    await page.keyboard.press('Enter');
    expect(Number(await fieldText(page, 'Sampling steps', 'steps'))).toBeLessThanOrEqual(10_000);
    await page.mouse.dblclick(...(await locate(page, { node: 'Noise', part: 'field', name: 'noise_seed' })));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('18446744073709551615');
    await page.keyboard.press('Enter');
    expect(await fieldText(page, 'Noise', 'noise_seed')).toBe('18446744073709551615');
    await context.close();
  });

  it('goes on drawing after an error in a drawing', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.evaluate(() => {
      const context2d = document.querySelector<HTMLCanvasElement>('#graph')?.getContext('2d');
      if (!context2d) return;
      const { fillText } = context2d;
      context2d.fillText = () => {
        context2d.fillText = fillText;
        throw new Error('broken once');
      };
      window.__editor?.view.zoom(1.01);
    });
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#graph');
      return canvas !== null && canvas.getContext('2d')?.fillText.name === 'fillText';
    });
    const frames = await page.evaluate(() => {
      const drawn: string[] = [];
      const context2d = document.querySelector<HTMLCanvasElement>('#graph')?.getContext('2d');
      if (!context2d) return drawn;
      const { fillText } = context2d;
      context2d.fillText = function draw(this: CanvasRenderingContext2D, ...args: Parameters<typeof fillText>) {
        drawn.push(args[0]);
        fillText.apply(this, args);
      };
      window.__editor?.view.zoom(1.01);
      return new Promise<string[]>((told) => requestAnimationFrame(() => requestAnimationFrame(() => told(drawn))));
    });
    expect(frames).toContain('Prompt');
    expect(errors.every((text) => text.includes('broken once'))).toBe(true);
    await context.close();
  });

  it('is moved by a finger and zoomed by two', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await page.tap('#tab-prompt');
    // The view takes the room that the sheet leaves.
    await page.waitForFunction(() => window.__editor?.view.scale() === 1);
    const client = await context.newCDPSession(page);
    const touch = (type: string, ...points: readonly (readonly [number, number])[]): Promise<unknown> =>
      client.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) } as never);
    const first = await placeOf(page);
    await touch('touchStart', [60, 640]);
    await touch('touchMove', [80, 620]);
    await touch('touchMove', [120, 600]);
    await touch('touchEnd');
    const moved = await placeOf(page);
    expect(moved.scale).toBe(first.scale);
    expect((moved.offset[0] - first.offset[0]) * first.scale).toBeGreaterThan(30);
    await touch('touchStart', [150, 620]);
    await touch('touchStart', [150, 620], [200, 620]);
    await touch('touchMove', [120, 620], [240, 620]);
    await touch('touchMove', [100, 620], [260, 620]);
    await touch('touchEnd');
    expect((await placeOf(page)).scale).toBeGreaterThan(1.5 * first.scale);
    expect(errors).toEqual([]);
    await context.close();
  });
});
