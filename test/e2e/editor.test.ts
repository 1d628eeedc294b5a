import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { axeFindings } from './axe.ts';
import { endOfRun, fieldText, openEditor, ready, runToEnd, wiresOf } from './editor-page.ts';
import { drag, locate, wire } from './hand.ts';
import { sharedRig } from './real-server.ts';

const root = resolve(import.meta.dirname, '../..');
const pixels = (file: string | Buffer): Promise<Buffer> => sharp(file).raw().toBuffer();

/** Drops a file on the middle of the page, as from a folder of the desktop. */
async function dropFile(page: Page, { name, type, bytes }: { name: string; type: string; bytes: Buffer }): Promise<void> {
  await page.evaluate(
    ([base64, fileName, mime]) => {
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], fileName, { type: mime }));
      const at = { clientX: innerWidth / 2, clientY: innerHeight / 2, bubbles: true, cancelable: true, dataTransfer };
      document.querySelector('#graph')?.dispatchEvent(new DragEvent('drop', at));
    },
    [bytes.toString('base64'), name, type] as const,
  );
}

/** Adds a node by the search at a point of the table. */
async function addNode(page: Page, words: string, at: readonly [number, number]): Promise<void> {
  await page.mouse.dblclick(...at);
  await page.locator('.picker .query').fill(words);
  await page.keyboard.press('Enter');
  await page.locator('.curtain').waitFor({ state: 'detached' });
}

/** A picture of an earlier day. */
async function withPicture(data: string): Promise<void> {
  await mkdir(join(data, 'output'), { recursive: true });
  await copyFile(join(root, 'workflows/example.png'), join(data, 'output/example.png'));
}

/** Selects a node by its title. */
const selectNode = (page: Page, title: string): Promise<void> =>
  page.evaluate((wanted) => {
    const { nodes = () => [], view } = window.__editor ?? {};
    view?.select(nodes().flatMap((node) => (node.title === wanted ? [node.id] : [])));
  }, title);

/** Begins with nothing, as a person would: by the palette of commands. */
async function emptyTable(page: Page): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k');
  await page.locator('.picker .query').fill('new empty');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.__editor?.nodes().length === 0);
  await page.locator('.curtain').waitFor({ state: 'detached' });
}

const square = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 255 } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
};

const hold = (url: string, paused: boolean): Promise<unknown> =>
  fetch(`${url}/v1/queue`, { method: 'PATCH', body: JSON.stringify({ paused }) });

/** Opens the queue with one of its jobs chosen. */
async function showQueue(page: Page, button: string): Promise<void> {
  await page.click(button);
  await page.locator('.job input').first().check();
  await page.locator('.chosen').waitFor();
}

/** Opens the newest job of the history. */
async function showJob(page: Page): Promise<void> {
  await page.click('#rail-history');
  await page.locator('.job.past .words').first().click();
  await page.locator('.job-box').waitFor();
}

describe('the editor', () => {
  const rig = sharedRig([], withPicture);

  it('opens on a wired graph with the prompt ready to be typed; Run shows the picture as it forms, and keeps it', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    expect(await page.evaluate(() => document.activeElement?.id)).toMatch(/^form-\d+-text$/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('red apple');
    const preview = page.evaluate(
      () => new Promise<string>((told) => window.__editor?.runs.on('preview', ({ run, node }) => told(run.nodes.get(node)?.state ?? ''))),
    );
    expect(await runToEnd(page)).toBe('done');
    expect(['running', 'ran']).toContain(await preview);
    await page.waitForSelector('.thumb[title^=picture_] img');
    const thumb = await page.evaluate(async () => {
      const image = document.querySelector<HTMLImageElement>('.thumb img');
      await image?.decode();
      return image?.naturalWidth;
    });
    expect(thumb).toBe(128);
    const files = await readdir(join(rig.server.data, 'output'));
    expect(files.filter((name) => /^picture_\d+_\.png$/.test(name))).toHaveLength(1);
    // The picture stands in the node: its middle is red.
    const [x, y] = await locate(page, { node: 'Save image', part: 'well' });
    const shot = await sharp(await page.screenshot({ clip: { x: x - 4, y: y - 4, width: 8, height: 8 } })).stats();
    const [red, green, blue] = shot.channels.map(({ mean }) => mean);
    expect(red).toBeGreaterThan(1.5 * Math.max(green ?? 255, blue ?? 255));
    expect(errors).toEqual([]);
    await context.close();
  });

  it('wires a graph by hand: nodes from the search, wires by the mouse, a prompt typed into its node', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await emptyTable(page);
    await addNode(page, 'load model', [90, 140]);
    await addNode(page, 'text encoder', [330, 110]);
    await addNode(page, 'empty latent', [330, 330]);
    await addNode(page, 'sampler all in one', [620, 120]);
    await addNode(page, 'vae decode', [880, 110]);
    await addNode(page, 'preview image', [880, 300]);
    await wire(page, ['Load model', 'CLIP'], ['Text encoder', 'clip']);
    await wire(page, ['Load model', 'MODEL'], ['Sampler (all in one)', 'model']);
    await wire(page, ['Text encoder', 'CONDITIONING'], ['Sampler (all in one)', 'positive']);
    await wire(page, ['Text encoder', 'CONDITIONING'], ['Sampler (all in one)', 'negative']);
    // A model does not fit a latent: no wire.
    await wire(page, ['Load model', 'MODEL'], ['Sampler (all in one)', 'latent_image']);
    await wire(page, ['Empty latent', 'LATENT'], ['Sampler (all in one)', 'latent_image']);
    await wire(page, ['Sampler (all in one)', 'LATENT'], ['VAE decode', 'samples']);
    await wire(page, ['Load model', 'VAE'], ['VAE decode', 'vae']);
    await wire(page, ['VAE decode', 'IMAGE'], ['Preview image', 'images']);
    expect(await wiresOf(page)).toMatchObject({
      'Text encoder': { clip: 'Load model' },
      'Sampler (all in one)': { model: 'Load model', positive: 'Text encoder', negative: 'Text encoder', latent_image: 'Empty latent' },
      'VAE decode': { samples: 'Sampler (all in one)', vae: 'Load model' },
      'Preview image': { images: 'VAE decode' },
    });
    await page.mouse.click(...(await locate(page, { node: 'Text encoder', part: 'field', name: 'text' })));
    await page.keyboard.type('sunflower');
    await page.keyboard.press('Escape');
    expect(await fieldText(page, 'Text encoder', 'text')).toBe('sunflower');
    await page.evaluate(() => {
      const { nodes = () => [], view } = window.__editor ?? {};
      for (const { id, title } of nodes())
        if (title === 'Empty latent') for (const side of ['width', 'height']) view?.setValue(id, side, 64);
    });
    expect(await runToEnd(page)).toBe('done');
    const shown = await page.evaluate(
      () => [...(window.__editor?.state.run?.nodes.values() ?? [])].filter(({ content }) => content?.kind === 'images').length,
    );
    expect(shown).toBe(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('offers only nodes that fit when a wire is dropped on nothing, and joins the chosen one', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const from = await locate(page, { node: 'VAE decode', part: 'output', name: 'IMAGE' });
    await drag(page, from, [from[0] - 40, from[1] + 420]);
    await page.locator('.picker .query').fill('');
    const offered = await page.locator('.picker code').allTextContents();
    expect(offered).toContain('ImageInvert');
    expect(offered).not.toContain('EmptyLatentImage');
    await page.locator('.picker .query').fill('invert');
    await page.keyboard.press('Enter');
    expect(await wiresOf(page)).toMatchObject({ 'Invert image': { image: 'VAE decode' } });
    await context.close();
  });

  it('takes back and does again, one step for each action; copies, mutes, bypasses, collapses and deletes', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    const count = (): Promise<number | undefined> => page.evaluate(() => window.__editor?.nodes().length);
    const text = (): Promise<string> => page.evaluate(() => JSON.stringify(window.__editor?.view.save()));
    const first = await text();
    await page.mouse.click(...(await locate(page, { node: 'VAE decode', part: 'header' })));
    await page.keyboard.press('Delete');
    expect(await count()).toBe(10);
    expect((await wiresOf(page))['Save image']).toEqual({});
    await page.keyboard.press('ControlOrMeta+z');
    expect(await text()).toBe(first);
    await page.keyboard.press('ControlOrMeta+Shift+z');
    expect(await count()).toBe(10);
    await page.keyboard.press('ControlOrMeta+z');
    // Dragging a number is one step, and stays within its limits.
    const steps = await locate(page, { node: 'Sampling steps', part: 'field', name: 'steps' });
    await drag(page, steps, [steps[0] + 60, steps[1]]);
    const dragged = Number(await fieldText(page, 'Sampling steps', 'steps'));
    expect(dragged).toBeGreaterThan(20);
    await page.keyboard.press('ControlOrMeta+z');
    expect(await fieldText(page, 'Sampling steps', 'steps')).toBe('20');
    const guidance = await locate(page, { node: 'U-Net (guidance)', part: 'field', name: 'cfg' });
    await drag(page, guidance, [guidance[0] - 400, guidance[1]]);
    expect(Number(await fieldText(page, 'U-Net (guidance)', 'cfg'))).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('ControlOrMeta+z');
    await page.mouse.click(...(await locate(page, { node: 'Prompt', part: 'header' })));
    await page.keyboard.press('ControlOrMeta+d');
    expect(await count()).toBe(12);
    await page.keyboard.press('ControlOrMeta+z');
    await page.mouse.click(...(await locate(page, { node: 'Sampler', part: 'header' })));
    const modes = (): Promise<readonly string[]> =>
      page.evaluate(() =>
        (window.__editor?.nodes() ?? []).filter(({ title }) => title === 'Sampler').map(({ mode, collapsed }) => `${mode} ${collapsed}`),
      );
    await page.keyboard.press('ControlOrMeta+m');
    expect(await modes()).toEqual(['mute false']);
    await page.keyboard.press('ControlOrMeta+b');
    expect(await modes()).toEqual(['bypass false']);
    await page.keyboard.press('ControlOrMeta+b');
    await page.keyboard.press('Alt+c');
    expect(await modes()).toEqual(['always true']);
    await page.keyboard.press('Alt+c');
    expect(await text()).toBe(first);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('says what is wrong on the node and in the status line, and jumps there', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.evaluate(() => {
      const { nodes = () => [], view } = window.__editor ?? {};
      const loop = nodes().find(({ title }) => title === 'Sampler loop');
      if (loop) view?.disconnect({ node: loop.id, input: 'sigmas' });
    });
    await page.click('#run');
    const problem = page.locator('.status .problem');
    await problem.waitFor();
    expect(await problem.textContent()).toMatch(/Sampler loop.*sigmas/);
    expect(await page.evaluate(() => window.__editor?.state.run)).toBeUndefined();
    await problem.click();
    expect(await page.locator('.inspector .title').inputValue()).toBe('Sampler loop');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('gives the same picture for the same seed here and on the command line', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    const set = (node: string, field: string, value: string): Promise<void> =>
      page.evaluate(
        ([title, port, text]) => {
          const { nodes = () => [], view } = window.__editor ?? {};
          const id = nodes().find((one) => one.title === title)?.id;
          if (id !== undefined) view?.setValue(id, port, port === 'text' ? text : BigInt(text));
        },
        [node, field, value] as const,
      );
    await set('Prompt', 'text', 'rocket');
    await set('Noise', 'noise_seed', '18446744073709551615');
    expect(await runToEnd(page)).toBe('done');
    const [ours] = await page.evaluate(() =>
      (window.__editor?.state.run?.outputs ?? []).flatMap(({ files }) => files.map(({ name }) => name)),
    );
    const args = [join(root, 'bin/litegraph-diffusion.mjs'), 'run', join(root, 'workflows/text-to-image.json'), '--data', rig.server.data];
    const values = ['--set', 'Prompt.text=rocket', '--set', 'Noise.noise_seed=18446744073709551615', '--json', '--quiet'];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, ...values]);
    const report: { outputs: { files: string[] }[] } = JSON.parse(stdout);
    const theirs = report.outputs[0]?.files[0] ?? '';
    expect(theirs).not.toBe('');
    expect((await pixels(join(rig.server.data, 'output', ours ?? ''))).equals(await pixels(resolve(rig.server.data, theirs)))).toBe(true);
    await context.close();
  });

  it('gets the graph back from a picture that is dropped on it, and shows what a foreign one uses before it runs', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.fill('.inspector textarea', 'tulip');
    expect(await runToEnd(page)).toBe('done');
    const [name = ''] = await page.evaluate(() =>
      (window.__editor?.state.run?.outputs ?? []).flatMap(({ files }) => files.map((file) => file.name)),
    );
    const before = await wiresOf(page);
    await emptyTable(page);
    await dropFile(page, { name: 'found.png', type: 'image/png', bytes: await readFile(join(rig.server.data, 'output', name)) });
    await page.waitForFunction(() => window.__editor?.nodes().length === 11);
    expect(await wiresOf(page)).toEqual(before);
    expect(await fieldText(page, 'Prompt', 'text')).toBe('tulip');
    const last = await page.evaluate(() => window.__editor?.state.run?.id);
    await page.click('#run');
    const sheet = page.getByRole('dialog', { name: 'Before the first run' });
    await sheet.waitFor();
    expect(await sheet.textContent()).toContain('tiny-emoji');
    await page.click('#foreign-run');
    expect(await endOfRun(page, last)).toBe('done');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('opens ComfyUI’s file by pasting it; a node that is not known keeps its place, wires and values through a save', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    const api = {
      '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd15.safetensors' } },
      '2': { class_type: 'FancyUpscaler', inputs: { strength: 0.7, model: ['1', 0] } },
      '3': { class_type: 'EmptyImage', inputs: { width: 32, height: 32, batch_size: 1, color: 255 } },
      '4': { class_type: 'PreviewImage', inputs: { images: ['3', 0] } },
    };
    await page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(api));
    await page.locator('#graph').focus();
    await page.keyboard.press('ControlOrMeta+v');
    await page.waitForFunction(() => window.__editor?.nodes().length === 4);
    const saved: { nodes: { type: string; properties: Record<string, unknown> }[] } = JSON.parse(
      await page.evaluate(() => JSON.stringify(window.__editor?.view.save())),
    );
    expect(saved.nodes.find(({ type }) => type.endsWith('FancyUpscaler'))?.properties).toMatchObject({ strength: 0.7 });
    expect((await wiresOf(page)).FancyUpscaler).toEqual({ model: 'Load model' });
    await page.click('#run');
    expect(await page.getByRole('dialog').textContent()).toContain('FancyUpscaler');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('shares by a link that holds the whole graph, and keeps the graph when the page is closed', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.fill('.inspector textarea', 'crescent moon');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.click('#make-link');
    const link = await page.locator('#share-link').inputValue();
    expect(link).toContain('#w=');
    await page.waitForFunction(() => JSON.stringify(localStorage).includes('crescent moon'));
    const other = await context.newPage();
    await other.goto(rig.server.url);
    await ready(other);
    expect(await fieldText(other, 'Prompt', 'text')).toBe('crescent moon');
    expect(await other.locator('.toast').textContent()).toMatch(/^\s*Restored from /);
    await other.close();
    const stranger = await openEditor(rig.browser, link);
    expect(await fieldText(stranger.page, 'Prompt', 'text')).toBe('crescent moon');
    expect(await stranger.page.evaluate(() => window.__editor?.state.foreign)).toBe(true);
    expect([...errors, ...stranger.errors]).toEqual([]);
    await Promise.all([context.close(), stranger.context.close()]);
  });

  it('cancels between two steps', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await page.evaluate(() => {
      const { nodes = () => [], view } = window.__editor ?? {};
      const steps = nodes().find(({ title }) => title === 'Sampling steps');
      if (steps) view?.setValue(steps.id, 'steps', 2000);
    });
    await page.click('#run');
    await page.waitForFunction(() => [...(window.__editor?.state.run?.nodes.values() ?? [])].some(({ step }) => (step?.index ?? 0) > 0));
    await page.click('#cancel');
    expect(await endOfRun(page)).toBe('cancelled');
    expect(await page.locator('.status .activity').textContent()).toContain('Cancelled');
    await context.close();
  });

  it('can be used by keyboard and on a phone through the outline', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await page.tap('#tab-outline');
    await page.locator('.outline summary', { hasText: 'Empty latent' }).tap();
    const width = page.locator('.outline [data-field$=".width"] input[type=number]');
    await width.fill('64');
    await width.press('Tab');
    expect(await fieldText(page, 'Empty latent', 'width')).toBe('64');
    await page.locator('.outline summary', { hasText: 'Sampler loop' }).tap();
    const sigmas = page.locator('.outline select[id$="-sigmas"]');
    await sigmas.selectOption({ label: 'missing' });
    expect((await wiresOf(page))['Sampler loop']).not.toHaveProperty('sigmas');
    await sigmas.selectOption({ label: 'Sampling steps' });
    expect((await wiresOf(page))['Sampler loop']).toMatchObject({ sigmas: 'Sampling steps' });
    await page.tap('#run');
    expect(await endOfRun(page)).toBe('done');
    await page.tap('#tab-results');
    await page.waitForSelector('.sheet .thumb img');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('has nothing that axe finds hard to read or to reach, in both themes and both sizes', async () => {
    const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
    const looks: readonly (readonly [keyof typeof sizes, string, (page: Page) => Promise<unknown>])[] = [
      ['desk', 'the workflow', async () => undefined],
      ['desk', 'a node and the library', async (page) => [await page.click('#rail-nodes'), await selectNode(page, 'Noise')]],
      ['desk', 'templates', (page) => page.click('#rail-templates')],
      ['desk', 'the queue', (page) => showQueue(page, '#rail-queue')],
      ['desk', 'the history', async (page) => [await page.click('#rail-history'), await page.locator('.job.past').first().waitFor()]],
      ['desk', 'a job', (page) => showJob(page)],
      ['desk', 'the search', (page) => page.keyboard.press('ControlOrMeta+k')],
      ['desk', 'earlier work', (page) => page.keyboard.press('ControlOrMeta+o')],
      ['desk', 'several nodes', (page) => page.evaluate(() => window.__editor?.view.select(window.__editor.nodes().map(({ id }) => id)))],
      ['desk', 'a group', (page) => page.evaluate(() => window.__editor?.view.group([window.__editor.nodes()[0]?.id ?? ''], 'Group'))],
      ['desk', 'a picture', (page) => page.locator('.thumb').first().click()],
      ['phone', 'the prompt', async () => undefined],
      ['phone', 'the outline', (page) => page.click('#tab-outline')],
      ['phone', 'the queue', (page) => showQueue(page, '#tab-queue')],
    ];
    const saved = { ...square, '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'square' } } };
    await fetch(`${rig.server.url}/v1/jobs`, { method: 'POST', body: JSON.stringify({ id: 'ended', workflow: saved }) });
    expect(await (await fetch(`${rig.server.url}/v1/jobs/ended/events`)).text()).toContain('"done"');
    await hold(rig.server.url, true);
    for (let i = 0; i < 2; i++) await fetch(`${rig.server.url}/v1/jobs`, { method: 'POST', body: JSON.stringify({ workflow: square }) });
    for (const colorScheme of ['dark', 'light'] as const) {
      for (const size of ['desk', 'phone'] as const) {
        const { page, context } = await openEditor(rig.browser, rig.server.url, {
          colorScheme,
          viewport: sizes[size],
          bypassCSP: true,
          reducedMotion: 'reduce',
        });
        for (const [, what, show] of looks.filter(([where]) => where === size)) {
          await show(page);
          expect(await axeFindings(page), `${colorScheme}, ${what}`).toEqual([]);
          await page.evaluate(() => {
            window.__editor?.set({ dialog: undefined, panel: undefined });
            window.__editor?.view.select([]);
          });
          await page.locator('.curtain').waitFor({ state: 'detached' });
        }
        await context.close();
      }
    }
    await hold(rig.server.url, false);
  }, 180_000);
});
