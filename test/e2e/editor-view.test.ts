import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { fieldText, openEditor, runToEnd } from './editor-page.ts';
import { locate } from './hand.ts';
import { sharedRig } from './real-server.ts';

/** Text of 13 graph units is 10 px high on the screen from here on: fields are drawn. */
const readable = 10 / 13 - 0.001;

const scaleOf = (page: Page): Promise<number> => page.evaluate(() => window.__editor?.view.scale() ?? 0);
const untilScale = (page: Page, least: number, most: number): Promise<unknown> =>
  page.waitForFunction(
    ([low, high]) => {
      const scale = window.__editor?.view.scale() ?? 0;
      return scale >= low && scale <= high;
    },
    [least, most] as const,
  );

describe('the view of the graph', () => {
  const rig = sharedRig();

  it('stays large enough to be read beside an open panel, and is as before when the panel is closed', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    const before = await scaleOf(page);
    expect(before).toBeGreaterThanOrEqual(readable);
    await page.click('#rail-nodes');
    await page.locator('.left-panel').waitFor();
    await page.waitForFunction(() => (document.querySelector('#graph')?.clientWidth ?? 9999) < 900);
    await untilScale(page, readable, before);
    // The beginning of the graph is what is seen.
    const [x] = await locate(page, { node: 'Load model', part: 'header' });
    expect(x).toBeGreaterThan(340);
    await page.click('#rail-nodes');
    await untilScale(page, before - 0.001, before + 0.001);
    // Whoever asks to see all sees all, panel or not.
    await page.click('#tool-fit-all');
    await page.click('#rail-nodes');
    await untilScale(page, 0.1, readable - 0.05);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('begins on a phone at a node that can be read, and shows all when asked to', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await untilScale(page, readable, 1);
    const [x, y] = await locate(page, { node: 'Sampler loop', part: 'well' });
    const table = await page.locator('#graph').boundingBox();
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(390);
    expect(y).toBeLessThan((table?.y ?? 0) + (table?.height ?? 0));
    await page.tap('#tool-fit-all');
    await untilScale(page, 0.1, 0.5);
    for (const node of ['Load model', 'Save image']) {
      const [left] = await locate(page, { node, part: 'header' });
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(390);
    }
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is zoomed by keys and buttons, and steps are taken back by buttons', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.locator('#graph').focus();
    await page.keyboard.press('0');
    expect(await scaleOf(page)).toBe(1);
    await page.keyboard.press('Shift++');
    expect(await scaleOf(page)).toBeCloseTo(1.25);
    expect(await page.locator('#tool-full-size').textContent()).toBe('125 %');
    await page.keyboard.press('-');
    await page.keyboard.press('-');
    expect(await scaleOf(page)).toBeCloseTo(0.8);
    await page.click('#tool-zoom-in');
    await page.keyboard.press('1');
    expect(await scaleOf(page)).toBeLessThan(0.81);
    await page.mouse.click(...(await locate(page, { node: 'Noise', part: 'header' })));
    await page.keyboard.press('ControlOrMeta+m');
    const muted = (): Promise<string | undefined> =>
      page.evaluate(() => window.__editor?.nodes().find(({ title }) => title === 'Noise')?.mode);
    expect(await muted()).toBe('mute');
    await page.click('#tool-undo');
    expect(await muted()).toBe('always');
    await page.click('#tool-redo');
    expect(await muted()).toBe('mute');
    await page.keyboard.press('ControlOrMeta+z');
    await page.keyboard.press('ControlOrMeta+y');
    expect(await muted()).toBe('mute');
    await page.keyboard.press('?');
    const keys = await page.getByRole('dialog').textContent();
    for (const word of ['See all', 'Full size', 'Zoom in', 'Zoom out', 'Undo', 'Redo', 'Ctrl Y']) expect(keys).toContain(word);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('leads Tab from field to field, with one stop for all pictures', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    expect(await runToEnd(page)).toBe('done');
    await page.fill('.inspector textarea', 'tulip');
    expect(await runToEnd(page)).toBe('done');
    await page.locator('.thumb').nth(1).waitFor();
    await page.mouse.click(...(await locate(page, { node: 'Sampling steps', part: 'header' })));
    await page.locator('[data-field$=".scheduler"] select').focus();
    const at = (): Promise<string> =>
      page.evaluate(() => {
        const field = document.activeElement?.closest('[data-field]')?.getAttribute('data-field') ?? '';
        return `${document.activeElement?.tagName} ${field.replace(/^.*\./, '')}`;
      });
    expect(await at()).toBe('SELECT scheduler');
    const stops: string[] = [];
    while (stops.at(-1) !== 'INPUT steps' && stops.length < 5) {
      await page.keyboard.press('Tab');
      stops.push(await at());
    }
    // A field's tools come after it.
    expect(stops).toEqual(['BUTTON scheduler', 'BUTTON scheduler', 'INPUT steps']);
    const thumb = (): Promise<number> =>
      page.evaluate(() => [...document.querySelectorAll('.thumb')].indexOf(document.activeElement ?? document.body));
    await page.locator('.thumb').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelectorAll('.thumb')[1]?.getAttribute('tabindex') === '0');
    expect(await thumb()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await thumb()).toBe(-1);
    await page.keyboard.press('Shift+Tab');
    expect(await thumb()).toBe(1);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => window.__editor?.state.selection.length === 0);
    await page.locator('.segments [aria-checked=true]').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      () => document.activeElement?.textContent === 'random' && document.activeElement.getAttribute('aria-checked') === 'true',
    );
    expect(errors).toEqual([]);
    await context.close();
  });

  it('moves and zooms a large graph as a picture that is never out of date', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.evaluate(() => {
      const { view } = window.__editor ?? {};
      for (let copies = 0; view !== undefined && copies < 21; copies++)
        view.paste(view.copy((window.__editor?.nodes() ?? []).slice(0, 11).map(({ id }) => id)), {
          at: [(copies % 5) * 1500, 1000 + Math.floor(copies / 5) * 1000],
          withWires: false,
        });
      view?.select([]);
      view?.fit();
    });
    expect(await scaleOf(page)).toBeLessThan(0.3);
    const table = await page.locator('#graph').boundingBox();
    if (table === null) throw new Error('There is no table.');
    const middle = [table.x + table.width / 2, table.y + table.height / 2] as const;
    const drawn = (): Promise<unknown> =>
      page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    /** How much the canvas differs from the same view drawn straight: a mean of differences of 0…255. */
    const outOfDate = (): Promise<number> =>
      page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement & { data: { draw(a: boolean, b: boolean): void } }>('#graph');
        const ctx = canvas?.getContext('2d');
        if (!canvas || !ctx) throw new Error('There is no canvas.');
        const read = (): Uint8ClampedArray => ctx.getImageData(0, 0, canvas.width, canvas.height).data;
        const shown = read();
        canvas.data.draw(true, true);
        const now = read();
        return shown.reduce((sum, value, index) => sum + Math.abs(value - (now[index] ?? 0)), 0) / shown.length;
      });
    await drawn();
    expect(await outOfDate()).toBe(0);
    await page.mouse.move(...middle);
    await page.mouse.down({ button: 'middle' });
    await page.mouse.move(middle[0] + 90, middle[1] + 40, { steps: 5 });
    await page.mouse.up({ button: 'middle' });
    await drawn();
    // Half a pixel aside at most.
    expect(await outOfDate()).toBeLessThan(2);
    await page.evaluate(() =>
      window.__editor?.view.setMode(
        (window.__editor?.nodes() ?? []).map(({ id }) => id),
        'mute',
      ),
    );
    await drawn();
    expect(await outOfDate()).toBeLessThan(0.01);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('shows a long text whole while it is edited in its node, and gives it a large sheet', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.mouse.click(...(await locate(page, { node: 'Prompt', part: 'field', name: 'text' })));
    const box = page.locator('[data-in-place=text]');
    const before = (await box.boundingBox())?.height ?? 0;
    await page.keyboard.insertText('a rocket over the sea, '.repeat(14));
    await page.waitForFunction((height) => (document.querySelector('[data-in-place=text]')?.clientHeight ?? 0) > 2 * height, before);
    expect(await box.evaluate((one) => one.scrollHeight - one.clientHeight)).toBeLessThanOrEqual(2);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Edit prompt in a large sheet' }).click();
    await page.locator('.text-sheet textarea').fill('two words');
    await page.locator('.text-sheet', { hasText: '2 words, 9 characters' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await fieldText(page, 'Prompt', 'text')).toBe('two words');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('names collapsed nodes and bends from afar, bends by what flows through them', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    const written = (scale: number): Promise<readonly string[]> =>
      page.evaluate(async (wanted) => {
        const { fillText } = CanvasRenderingContext2D.prototype;
        const texts: string[] = [];
        CanvasRenderingContext2D.prototype.fillText = function (this: CanvasRenderingContext2D, ...args) {
          texts.push(args[0]);
          fillText.apply(this, args);
        };
        window.__editor?.view.zoomTo(wanted);
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        CanvasRenderingContext2D.prototype.fillText = fillText;
        return texts;
      }, scale);
    await page.evaluate(() => {
      const { view, nodes = () => [] } = window.__editor ?? {};
      const id = (title: string): string => nodes().find((node) => node.title === title)?.id ?? '';
      const bend = view?.add('Reroute', [600, 40]) ?? '';
      view?.connect({ node: id('Load model'), output: 2 }, { node: bend, input: 'value' });
      view?.connect({ node: bend, output: 0 }, { node: id('VAE decode'), input: 'vae' });
      view?.setCollapsed([id('Noise')], true);
      view?.select([]);
      view?.fit();
    });
    for (const scale of [0.6, 0.25]) expect(await written(scale)).toEqual(expect.arrayContaining(['Noise', 'VAE']));
    expect(errors).toEqual([]);
    await context.close();
  });

  it('calls the fields of the form by the titles that people gave their nodes', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const labels = (): Promise<string[]> => page.locator('.inspector .field > label').allInnerTexts();
    await expect.poll(labels).toEqual(expect.arrayContaining([expect.stringMatching(/^steps/i)]));
    await page.evaluate(() => window.__editor?.view.setTitle('4', 'How long'));
    await expect.poll(labels).toEqual(expect.arrayContaining([expect.stringMatching(/^how long · steps/i)]));
    await context.close();
  });
});
