import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../nodes/kit/index.ts';
import { loadCatalogue, withChoices } from '../../server/catalogue.ts';
import type { LiveEvent } from '../../server/engine/run-node.ts';
import { type EngineSession, openSession } from '../../server/engine/session.ts';
import { choicesNow } from '../../server/files/choices.ts';
import { readGraph, readWorkflow, validate, type Workflow } from '../../workflows/index.ts';
import { writeTinyFolder } from '../engine/tiny-models.ts';
import { temporaryFolder } from '../server/rig.ts';
import { comfyNode } from './sample-graphs.ts';

const folder = join(import.meta.dirname, 'comfyui');
const names = (await readdir(folder)).flatMap((file) => (file.endsWith('.api.json') ? [file.slice(0, -'.api.json'.length)] : [])).sort();

let data = '';
let session: EngineSession;
let catalogue: Catalogue;
beforeAll(async () => {
  data = await temporaryFolder();
  const models = join(data, 'tiny');
  for (const name of ['sd15', 'sdxl', 'sdxl-refiner'] as const) await writeTinyFolder(name, models);
  await mkdir(join(data, 'input'));
  const background = { r: 200, g: 90, b: 30, alpha: 1 };
  await sharp({ create: { width: 80, height: 64, channels: 3, background } })
    .png()
    .toFile(join(data, 'input', 'example.png'));
  const hole = { input: { create: { width: 24, height: 24, channels: 4 as const, background: '#fff' } }, blend: 'dest-out' as const };
  await sharp({ create: { width: 64, height: 64, channels: 4, background } })
    .composite([hole])
    .png()
    .toFile(join(data, 'input', 'masked.png'));
  const { specs, definitions } = await loadCatalogue();
  const options = { models, extraModels: [], device: 'cpu', data };
  catalogue = withChoices(specs, await choicesNow(options));
  session = await openSession({ ...options, cacheBytes: 2 ** 28 }, definitions);
}, 60_000);
afterAll(async () => {
  await session.close();
  await rm(data, { recursive: true, force: true });
});

const read = async (file: string) => readWorkflow(await readFile(join(folder, file), 'utf8'), catalogue);

/** Runs a workflow to its end and gives every event. */
async function eventsOf(workflow: Workflow): Promise<{ end: string; events: LiveEvent[] }> {
  const running = session.run({ workflow, catalogue, signal: new AbortController().signal });
  const events: LiveEvent[] = [];
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return { end: next.value.end, events };
    events.push(next.value);
  }
}

const problemsOf = (events: readonly LiveEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'problem' ? [event.problem.message] : []));

/** Types of nodes that ran, rather than being taken from the cache. */
const ranIn = (events: readonly LiveEvent[], { nodes }: Workflow): string[] =>
  events.flatMap((event) => (event.type === 'finished' && event.outcome === 'ran' ? [nodes.get(event.node)?.type ?? ''] : []));

describe('workflows as ComfyUI’s page saves them and as it exports them for its API', () => {
  it.each(names)(
    '%s opens, is valid, runs, and is the same in both formats',
    async (name) => {
      const drawn = await read(`${name}.json`);
      const exported = await read(`${name}.api.json`);
      for (const { warnings, workflow } of [drawn, exported]) {
        expect(warnings.filter(({ message }) => !message.includes('LoraLoader'))).toEqual([]);
        expect(validate(workflow, catalogue)).toEqual([]);
      }
      const first = await eventsOf(drawn.workflow);
      expect(problemsOf(first.events)).toEqual([]);
      expect(first.end).toBe('done');
      const second = await eventsOf(exported.workflow);
      expect(second.end).toBe('done');
      // Every result is taken from the first run, so each node had the same type, values and inputs.
      expect(new Set(ranIn(second.events, exported.workflow))).toEqual(new Set(['SaveImage']));
    },
    60_000,
  );

  it('says what is odd where noise is added to a latent that holds some, and runs as ComfyUI does', async () => {
    const { workflow } = await read('two-samplers-both-noisy.json');
    const { events, end } = await eventsOf(workflow);
    const told = events.flatMap((event) => (event.type === 'shown' && event.content.kind === 'text' ? [event.content.text] : []));
    expect(end).toBe('done');
    expect(told).toEqual([expect.stringContaining('already holds noise')]);
  });

  it('says of a group node what to do', () => {
    const group = comfyNode(1, 'workflow/Two passes', { inputs: [], outputs: [], widgets: [] });
    const { warnings } = readGraph(JSON.stringify({ nodes: [group], links: [], version: 0.4, extra: { groupNodes: {} } }), catalogue);
    expect(warnings.map(({ message }) => message).join(' ')).toMatch(/group node.*“Two passes”.*back to nodes/i);
  });
});
