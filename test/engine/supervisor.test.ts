import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalogue, withChoices } from '../../server/catalogue.ts';
import type * as SupervisorModule from '../../server/engine/supervisor.ts';
import type { EngineOptions, RunEnd, RunRequest } from '../../server/engine/types.ts';
import { type PreviewHeader, type RecordedHeader, type RunEvent, readWorkflow } from '../../workflows/index.ts';
import { samplingGraph } from '../server/sampling-graph.ts';

const root = join(import.meta.dirname, '../..');
let data = '';
let engine: SupervisorModule.EngineSupervisor;
let Supervisor: typeof SupervisorModule.EngineSupervisor;
let request: (job: string, graph: Record<string, unknown>) => RunRequest;

/** The compiled supervisor: its child is compiled code. */
const load = async (): Promise<typeof SupervisorModule> => import(pathToFileURL(join(root, 'dist/server/engine/supervisor.js')).href);
const options = (device: string): EngineOptions => ({ device, models: join(data, 'models'), data, cacheBytes: 1e8 });

/** The picture is shown, not saved. */
function sampling(seed: number, steps: number) {
  const { saved: _, ...nodes } = samplingGraph(steps, '', seed);
  return { ...nodes, shown: { class_type: 'PreviewImage', inputs: { images: ['decode', 0] } } };
}

interface Heard {
  readonly events: RunEvent[];
  readonly previews: { header: PreviewHeader; bytes: number }[];
  readonly recorded: { header: RecordedHeader; jpeg: Uint8Array }[];
  readonly end: Promise<RunEnd>;
  /** Resolves with the first event that fits. */
  until(fits: (event: RunEvent) => boolean): Promise<RunEvent>;
}

function listen(on: SupervisorModule.EngineSupervisor, wanted: RunRequest): Heard {
  const events: RunEvent[] = [];
  const previews: Heard['previews'] = [];
  const recorded: Heard['recorded'] = [];
  const waiting: { fits: (event: RunEvent) => boolean; resolve: (event: RunEvent) => void }[] = [];
  const end = on.run(wanted, {
    event(event) {
      events.push(event);
      for (const { fits, resolve } of waiting) if (fits(event)) resolve(event);
    },
    preview: (header, jpeg) => previews.push({ header, bytes: jpeg.length }),
    recorded: (header, jpeg) => recorded.push({ header, jpeg }),
  });
  return { events, previews, recorded, end, until: (fits) => new Promise((resolve) => waiting.push({ fits, resolve })) };
}

const ready = (on: SupervisorModule.EngineSupervisor): Promise<void> =>
  new Promise((resolve) => {
    const forget = on.onDevice(({ state }) => {
      if (state !== 'ready' && state !== 'failed') return;
      forget();
      resolve();
    });
    if (on.device.state === 'ready' || on.device.state === 'failed') {
      forget();
      resolve();
    }
  });

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'engine-'));
  ({ EngineSupervisor: Supervisor } = await load());
  const { specs } = await loadCatalogue();
  const catalogue = withChoices(specs, { checkpoints: ['tiny-emoji'], inputImages: [] });
  request = (job, graph) => ({ job, workflow: readWorkflow(JSON.stringify(graph), catalogue).workflow });
  engine = new Supervisor(options('auto'), { patience: { restart: 1 } });
  await ready(engine);
});
afterAll(async () => {
  await engine.close();
  await rm(data, { recursive: true, force: true });
});

describe('an engine process', () => {
  it('reports the device it really uses', () => {
    expect(engine.device).toMatchObject({ state: 'ready', device: 'cpu', provider: 'CPUExecutionProvider' });
  });

  it('runs a workflow with steps, previews and a picture', async () => {
    const heard = listen(engine, request('one', sampling(1, 20)));
    expect(await heard.end).toBe('done');
    expect(heard.events[0]?.type).toBe('planned');
    const steps = heard.events.flatMap((event) => (event.type === 'step' ? [event.index] : []));
    expect(steps.at(-1)).toBe(20);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(heard.previews.at(-1)).toMatchObject({ header: { job: 'one', node: 'sample', index: 20, total: 20, width: 64, height: 64 } });
    expect(heard.previews.every(({ bytes }) => bytes > 300)).toBe(true);
    expect(heard.events.find(({ type }) => type === 'shown')).toMatchObject({
      node: 'shown',
      content: { kind: 'images', files: [{ folder: 'preview', width: 128, height: 128 }] },
    });
  });

  it('tells what is in its memory, gives it back, and loads it again for the next run', async () => {
    expect(await listen(engine, request('loading', sampling(2, 2))).end).toBe('done');
    const parts = engine.loaded.map(({ device, kind, model, part }) => `${device} ${kind} ${model} ${part}`);
    expect(parts.toSorted()).toEqual(['text_encoder', 'unet', 'vae_decoder'].map((part) => `cpu checkpoints tiny-emoji ${part}`));
    for (const { bytes } of engine.loaded) expect(bytes).toBeGreaterThan(10_000);
    await engine.unload({ model: 'another' });
    expect(engine.loaded).toHaveLength(3);
    let told = 0;
    const forget = engine.onLoaded(() => told++);
    await engine.unload({});
    expect([engine.loaded, told]).toEqual([[], 3]);
    const again = listen(engine, { ...request('again', sampling(2, 2)), fresh: true });
    expect(await again.end).toBe('done');
    expect([engine.loaded.length, told]).toEqual([3, 6]);
    forget();
  });

  it('hands on every step of a recorded run, a cached one as well, and nothing unless asked', async () => {
    const plain = listen(engine, request('unrecorded', sampling(7, 6)));
    await plain.end;
    expect(plain.recorded).toEqual([]);
    const first = listen(engine, { ...request('recorded', sampling(7, 6)), record: true });
    expect(await first.end).toBe('done');
    expect(first.recorded.map(({ header }) => header.index)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(first.recorded[0]?.header).toMatchObject({ job: 'recorded', node: 'sample', total: 6, width: 3 * 64, height: 64 });
    const sigmas = first.recorded.map(({ header }) => header.sigma ?? Number.NaN);
    expect(sigmas).toEqual([...sigmas].sort((a, b) => b - a));
    const { data: pixels, info } = await sharp(first.recorded[5]?.jpeg).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([192, 64]);
    // At the last step hardly any noise is left: x_t and x̂₀ look alike, ε̂ does not.
    const difference = (a: number, b: number): number => {
      let sum = 0;
      for (let y = 0; y < 64; y++) {
        for (let i = 0; i < 3 * 64; i++) sum += Math.abs((pixels[y * 576 + a * 192 + i] ?? 0) - (pixels[y * 576 + b * 192 + i] ?? 0));
      }
      return sum / (64 * 192);
    };
    expect(difference(0, 2)).toBeLessThan(12);
    expect(difference(1, 2)).toBeGreaterThan(30);
    const again = listen(engine, { ...request('recorded again', sampling(7, 6)), record: true });
    expect(await again.end).toBe('done');
    expect(again.events.some(({ type }) => type === 'started')).toBe(false);
    expect(again.recorded.map(({ jpeg }) => jpeg.length)).toEqual(first.recorded.map(({ jpeg }) => jpeg.length));
  });

  it('says which results were cached', async () => {
    const heard = listen(engine, request('again', sampling(1, 20)));
    expect(await heard.end).toBe('done');
    expect(heard.events.flatMap((event) => (event.type === 'finished' ? [event.outcome] : []))).toEqual(
      Array.from({ length: 6 }, () => 'cached'),
    );
  });

  it('stops between two steps when cancelled', async () => {
    const heard = listen(engine, request('long', sampling(2, 5000)));
    await heard.until(({ type }) => type === 'step');
    engine.cancel('another job');
    engine.cancel('long');
    expect(await heard.end).toBe('cancelled');
    expect(engine.device.state).toBe('ready');
  });

  it('reports the job that was running when it is killed, and is there for the next one', async () => {
    const heard = listen(engine, request('killed', sampling(3, 5000)));
    await heard.until(({ type }) => type === 'step');
    process.kill(engine.pid ?? 0, 'SIGKILL');
    expect(await heard.end).toBe('failed');
    expect(heard.events.at(-1)).toMatchObject({
      type: 'problem',
      problem: { code: 'engine-lost', message: expect.stringContaining('SIGKILL') },
    });
    expect(engine.device.state).toBe('restarting');
    const next = listen(engine, request('after', sampling(4, 2)));
    expect(await next.end).toBe('done');
  });

  it('is killed when it does not stop within the grace time', async () => {
    const impatient = new Supervisor(options('cpu'), { patience: { cancel: 0, restart: 1 } });
    await ready(impatient);
    const heard = listen(impatient, request('stuck', sampling(5, 5000)));
    await heard.until(({ type }) => type === 'step');
    impatient.cancel('stuck');
    expect(await heard.end).toBe('cancelled');
    await impatient.close();
  });

  it('is unusable with the remedy when a device is asked for that is not there', async () => {
    const cuda = new Supervisor(options('cuda:0'));
    await ready(cuda);
    expect(cuda.device).toMatchObject({ state: 'failed', message: expect.stringContaining('--device cpu') });
    const heard = listen(cuda, request('none', sampling(6, 1)));
    expect(await heard.end).toBe('failed');
    expect(heard.events).toEqual([{ type: 'problem', problem: { code: 'device-unavailable', message: cuda.device.message } }]);
    await cuda.close();
  });

  it('is given up when it dies at every start', async () => {
    const settings = { env: { NODE_OPTIONS: '--import=data:text/javascript,process.exit(3)' }, patience: { restart: 1 } };
    const broken = new Supervisor(options('cpu'), settings);
    await new Promise<void>((given) => {
      broken.onDevice(({ state }) => {
        if (state === 'failed') given();
      });
    });
    expect(broken.device.message).toMatch(/^The engine cannot be started: it ended with code 3, 4 times\./);
    await broken.close();
  });

  it('ends when its parent is gone', async () => {
    const script = `import('${pathToFileURL(join(root, 'dist/server/engine/supervisor.js')).href}').then(({ EngineSupervisor }) => {
      const engine = new EngineSupervisor(${JSON.stringify(options('cpu'))});
      engine.onDevice(() => process.send(engine.pid));
    });`;
    const parent: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const [pid] = await once(parent, 'message');
    parent.kill('SIGKILL');
    // The child is not ours to wait for: it is gone when no signal can be sent to it any more.
    await expect
      .poll(
        () => {
          try {
            process.kill(Number(pid), 0);
            return 'there';
          } catch {
            return 'gone';
          }
        },
        { timeout: 20_000 },
      )
      .toBe('gone');
  });
});
