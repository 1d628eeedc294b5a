import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page, WebSocket } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiffusionPlugin, JobOutput, Problem } from '../../client/plugin/index.ts';
import { readPngText } from '../../workflows/index.ts';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { type HostSite, serveHostSite } from './host-page/serve.ts';
import { type RealServer, startRealServer } from './real-server.ts';

type Point = { readonly x: number; readonly y: number };

/** The parts of a litegraph node that are asked for here. */
interface HostNode {
  readonly has_errors?: boolean;
  properties: Record<string, unknown> | null;
  setProperty(name: string, value: unknown): void;
  addInput(name: string, type: string): void;
  addOutput(name: string, type: string): void;
}

/** What host.js offers. */
interface Host {
  readonly diffusion: DiffusionPlugin;
  readonly before: string;
  readonly foregrounds: number;
  readonly canvas: { frame: number; last_mouseclick: number };
  readonly graph: {
    serialize(): unknown;
    configure(data: unknown): void;
    getNodeById(id: number): HostNode;
  };
  snapshot(): string;
  register(options?: object): DiffusionPlugin;
  add(type: string, pos: readonly [number, number], values?: Record<string, unknown>): number;
  wire(from: number, output: number, to: number, input: string): boolean;
  slot(id: number, isInput: boolean, name: string): Point;
  widget(id: number, name: string): Point;
  shownValue(id: number, name: string): unknown;
  property(id: number, name: string): unknown;
  pixels(id: number, box: readonly number[]): { colours: number; mean: readonly number[] };
  shown(id: number): { colours: number; mean: readonly number[] };
  runAndWatch(
    id: number,
  ): Promise<{ state: string; outputs: JobOutput[]; problems: Problem[]; seen: { state: string; colours: number }[] }>;
}

declare global {
  interface Window {
    host: Host;
  }
}

const hostile = '<img src=x onerror=document.title=1>.png';
const largest = '18446744073709551615';

/** Waits until the host has drawn again, so that positions are known. */
const drawn = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function dragWire(page: Page, [from, output]: readonly [number, string], [to, input]: readonly [number, string]): Promise<void> {
  const start = await page.evaluate(([id, name]) => window.host.slot(id, false, name), [from, output] as const);
  const end = await page.evaluate(([id, name]) => window.host.slot(id, true, name), [to, input] as const);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await page.mouse.move(end.x, end.y, { steps: 4 });
  await page.mouse.up();
}

async function clickWidget(page: Page, id: number, name: string): Promise<void> {
  await drawn(page);
  const { x, y } = await page.evaluate(
    ([node, widget]) => {
      // litegraph takes two clicks within 300 ms for a double click, wherever they are.
      window.host.canvas.last_mouseclick = 0;
      return window.host.widget(node, widget);
    },
    [id, name] as const,
  );
  await page.mouse.click(x, y);
}

/** Types into litegraph's own box for a value. */
async function typeInto(page: Page, [id, name]: readonly [number, string], text: string): Promise<void> {
  await clickWidget(page, id, name);
  await page.locator('.graphdialog .value').fill(text);
  await page.locator('.graphdialog button').click();
  await page.locator('.graphdialog').waitFor({ state: 'detached' });
}

/** Nodes of text to image; all wires but three are joined by the page. */
const build = (page: Page) =>
  page.evaluate(() => {
    const { host } = window;
    const model = host.add('diffusion/CheckpointLoaderSimple', [30, 60]);
    const prompt = host.add('diffusion/CLIPTextEncode', [30, 220]);
    const avoid = host.add('diffusion/CLIPTextEncode', [30, 330]);
    const steps = host.add('diffusion/BasicScheduler', [30, 450]);
    const noise = host.add('diffusion/RandomNoise', [30, 630]);
    const guider = host.add('diffusion/CFGGuider', [380, 60]);
    const sampler = host.add('diffusion/KSamplerSelect', [380, 240]);
    const empty = host.add('diffusion/EmptyLatentImage', [380, 340], { width: 128, height: 128 });
    const loop = host.add('diffusion/SamplerCustomAdvanced', [680, 60]);
    const decode = host.add('diffusion/VAEDecode', [680, 480]);
    const save = host.add('diffusion/SaveImage', [1000, 60]);
    const joined = [
      host.wire(model, 0, guider, 'model'),
      host.wire(model, 0, steps, 'model'),
      host.wire(model, 1, prompt, 'clip'),
      host.wire(model, 1, avoid, 'clip'),
      host.wire(model, 2, decode, 'vae'),
      host.wire(avoid, 0, guider, 'negative'),
      host.wire(steps, 0, loop, 'sigmas'),
      host.wire(noise, 0, loop, 'noise'),
      host.wire(sampler, 0, loop, 'sampler'),
      host.wire(empty, 0, loop, 'latent_image'),
      host.wire(loop, 0, decode, 'samples'),
    ];
    return { model, prompt, steps, noise, guider, loop, decode, save, joined };
  });

describe('the plugin in a page of somebody else', () => {
  let browser: Browser;
  let site: HostSite;
  let stranger: HostSite;
  let server: RealServer;

  beforeAll(async () => {
    [browser, site, stranger] = await Promise.all([launchBrowser(), serveHostSite(), serveHostSite()]);
    server = await startRealServer(['--allow-origin', site.origin], async (data) => {
      await mkdir(join(data, 'input'), { recursive: true });
      await writeFile(join(data, 'input', hostile), await readFile(join(import.meta.dirname, '../../workflows/example.png')));
    });
  });

  afterAll(async () => {
    await browser.close();
    await Promise.all([site, stranger, server].map((part) => part?.[Symbol.asyncDispose]()));
  });

  /** A host page with the nodes registered. */
  async function host(build?: 'litegraph.core.js'): Promise<WatchedPage & { sockets: WebSocket[] }> {
    const watched = await openPage(browser, { viewport: { width: 1400, height: 860 } });
    const sockets: WebSocket[] = [];
    watched.page.on('websocket', (socket) => sockets.push(socket));
    await watched.page.goto(site.page(server.url, build));
    await watched.page.evaluate(() => window.host.register().ready);
    return { ...watched, sockets };
  }

  it('wires by mouse, runs with previews in the node, and leaves the page as it was', async () => {
    const { page, context, errors, sockets } = await host();
    const before = await page.evaluate(() => window.host.before);
    const { joined, ...ids } = await build(page);
    expect(joined).not.toContain(false);
    await drawn(page);
    await dragWire(page, [ids.prompt, 'CONDITIONING'], [ids.guider, 'positive']);
    await dragWire(page, [ids.guider, 'GUIDER'], [ids.loop, 'guider']);
    await dragWire(page, [ids.decode, 'IMAGE'], [ids.save, 'images']);
    // A type that does not fit is refused by litegraph itself.
    expect(await page.evaluate(({ noise, guider }) => window.host.wire(noise, 0, guider, 'positive'), ids)).toBe(false);

    await typeInto(page, [ids.prompt, 'text'], 'red apple');
    await typeInto(page, [ids.steps, 'steps'], '99999');
    const most = await page.evaluate(({ steps }) => [window.host.property(steps, 'steps'), window.host.shownValue(steps, 'steps')], ids);
    expect(most).toEqual([10_000, 10_000]);
    await typeInto(page, [ids.steps, 'steps'], '16');
    await typeInto(page, [ids.noise, 'noise_seed'], largest);
    await clickWidget(page, ids.noise, 'control_after_generate');
    await page.locator('.litemenu-entry', { hasText: 'fixed' }).click();
    const seed = await page.evaluate(
      ({ noise }) => [window.host.property(noise, 'noise_seed'), window.host.shownValue(noise, 'noise_seed')],
      ids,
    );
    expect(seed).toEqual([largest, largest]);

    const run = await page.evaluate(({ loop }) => window.host.runAndWatch(loop), ids);
    expect([run.state, run.problems]).toEqual(['done', []]);
    expect(run.seen.filter(({ state }) => state === 'looping').some(({ colours }) => colours > 60)).toBe(true);
    const [file] = run.outputs[0]?.files ?? [];
    expect(file).toMatchObject({ folder: 'output', width: 128, height: 128 });
    const text = readPngText(await readFile(join(server.data, 'output', file?.name ?? ''))).get('workflow') ?? '';
    expect([text.includes(largest), text.includes('red apple')]).toEqual([true, true]);

    // The picture itself is in the node: the middle of a red apple is red.
    await page.waitForFunction(({ save }) => {
      const [red = 0, green = 0, blue = 0] = window.host.shown(save).mean;
      return red > 1.5 * Math.max(green, blue);
    }, ids);

    const after = await page.evaluate(({ loop }) => {
      const { host } = window;
      host.diffusion.dispose();
      const gone = host.graph.getNodeById(loop);
      return { snapshot: host.snapshot(), unknown: gone.has_errors, saved: JSON.stringify(host.graph.serialize()) };
    }, ids);
    expect(after.snapshot).toBe(before);
    expect(after.unknown).toBe(true);
    expect(after.saved).toContain(largest);
    await expect.poll(() => sockets.map((socket) => socket.isClosed())).toEqual([true]);
    const frames = await page.evaluate(() => window.host.canvas.frame);
    await page.waitForFunction((count) => window.host.canvas.frame > count, frames);

    // A second start finds the nodes that the first one left.
    const again = await page.evaluate(async ({ prompt, steps, loop }) => {
      const { host } = window;
      await host.register().ready;
      const run = await host.diffusion.run();
      host.graph.getNodeById(steps).setProperty('steps', 5000);
      const stop = host.diffusion.on('run', ({ now }) => {
        if (now?.node === String(loop)) host.diffusion.cancel();
      });
      const cancelled = await host.diffusion.run();
      stop();
      return [run.state, cancelled.state, host.shownValue(prompt, 'text'), host.graph.getNodeById(prompt).has_errors];
    }, ids);
    expect(again).toEqual(['done', 'cancelled', 'red apple', undefined]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('marks what is wrong at the node and sends nothing', async () => {
    const { page, context, errors } = await host();
    const { joined, ...ids } = await build(page);
    expect(joined).not.toContain(false);
    const { state, problems, edge } = await page.evaluate(async ({ steps, decode, save }) => {
      const { host } = window;
      host.wire(decode, 0, save, 'images');
      const number = host.add('basic/const', [30, 760]);
      host.graph.getNodeById(number).addOutput('anything', '*');
      host.graph.getNodeById(steps).addInput('denoise', 'FLOAT');
      const joined = host.wire(number, 1, steps, 'denoise');
      const { state, problems } = await host.diffusion.run();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return { state, problems: [joined, ...problems], edge: host.pixels(steps, [-1, 0, 2, 8]) };
    }, ids);
    expect(state).toBe('rejected');
    expect(problems).toEqual([
      true,
      expect.objectContaining({ node: String(ids.steps), port: 'denoise', message: expect.stringContaining('a node of this page') }),
      expect.objectContaining({ code: 'missing-input', node: String(ids.loop), port: 'guider' }),
    ]);
    expect(edge.mean[0]).toBeGreaterThan(1.6 * (edge.mean[2] ?? 0));
    expect(errors).toEqual([]);
    await context.close();
  });

  it('keeps names of files out of HTML and survives its own errors', async () => {
    const { page, context, errors } = await host();
    const load = await page.evaluate(() => window.host.add('diffusion/LoadImage', [300, 100]));
    await clickWidget(page, load, 'image');
    const entry = page.locator('.litemenu-entry', { hasText: 'onerror' });
    expect([await entry.count(), await page.locator('.litecontextmenu img').count()]).toEqual([1, 0]);
    await entry.click();
    await expect.poll(() => page.evaluate((id) => window.host.property(id, 'image'), load)).toBe(hostile);
    await page.waitForFunction((id) => (window.host.shown(id).mean[0] ?? 0) > 200, load);
    expect([await page.title(), errors]).toEqual(['A host page', []]);

    const frame = await page.evaluate((id) => {
      const { host } = window;
      host.graph.getNodeById(id).properties = null;
      host.canvas.frame = 0;
      return host.foregrounds;
    }, load);
    await page.mouse.move(20, 20);
    await page.waitForFunction((count) => {
      window.host.diffusion.attach(window.host.canvas);
      return window.host.canvas.frame > 3 && window.host.foregrounds > count + 3;
    }, frame);
    expect(errors).toEqual([expect.stringContaining('could not draw a node')]);
    await context.close();
  });

  it('works with the core build too, and brings nodes to life that were loaded before it was ready', async () => {
    const { page, context, errors } = await openPage(browser);
    await page.goto(site.page(server.url, 'litegraph.core.js'));
    const run = await page.evaluate(async () => {
      const { host } = window;
      host.graph.configure({
        nodes: [
          {
            id: 1,
            type: 'diffusion/EmptyImage',
            pos: [20, 60],
            size: [100, 30],
            outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [1] }],
            properties: { width: 64, height: 1e9 },
          },
          { id: 2, type: 'diffusion/PreviewImage', pos: [400, 60], size: [100, 30], inputs: [{ name: 'images', type: 'IMAGE', link: 1 }] },
        ],
        links: [[1, 1, 0, 2, 0, 'IMAGE']],
        version: 0.4,
      });
      const diffusion = host.register({ prefix: 'diffusion' });
      const { state, problems, outputs } = await diffusion.run();
      return { state, problems, width: outputs[0]?.files[0]?.width, most: host.property(1, 'height') };
    });
    expect(run).toMatchObject({ state: 'done', problems: [], width: 64 });
    expect(Number(run.most)).toBeLessThan(1e9);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is refused from a page that the server does not allow', async () => {
    const { page, context } = await openPage(browser);
    const thrown: string[] = [];
    page.on('pageerror', ({ message }) => thrown.push(message));
    await page.goto(stranger.page(server.url));
    const refused = await page.evaluate(async (url) => {
      const diffusion = window.host.register();
      const { state, problems } = await diffusion.run();
      const answer = await fetch(`${url}/v1/nodes`).then(
        () => 'read',
        () => 'refused',
      );
      const socket = await new Promise((heard) => {
        const opened = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, ['ld.v1']);
        opened.onopen = () => heard('open');
        opened.onerror = () => heard('refused');
      });
      diffusion.dispose();
      return { state, problems, answer, socket, same: window.host.snapshot() === window.host.before };
    }, server.url);
    expect(refused).toMatchObject({ state: 'rejected', answer: 'refused', socket: 'refused', same: true });
    expect(refused.problems[0]?.message).toContain(`--allow-origin ${stranger.origin}`);
    expect(thrown).toEqual([]);
    await context.close();
  });
});
