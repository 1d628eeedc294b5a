import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isPng, plan, readGraph, readWorkflow, specOfType, stringifyJson, toCompact, writeGraph } from '../../workflows/index.ts';
import { readChunks } from '../../workflows/png-chunks.ts';
import { hiddenWires, overlaps } from './drawn-wires.ts';
import { realCatalogue } from './real-catalogue.ts';

const folder = new URL('../../workflows/', import.meta.url);
const catalogue = await realCatalogue();
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
const template = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

it('there are the seven templates that the editor offers', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'text-to-image.json',
      'image-to-image.json',
      'inpaint.json',
      'two-prompts-with-areas.json',
      'unrolled-steps.json',
      'forward-process.json',
      'schedules-compared.json',
    ]),
  );
});

describe.each(names)('%s', (name) => {
  const text = template(name);
  const { graph, warnings } = readGraph(text, catalogue);
  const { workflow } = readWorkflow(text, catalogue);

  it('is in canonical form, with known nodes and nothing to mend', () => {
    expect(warnings).toEqual([]);
    expect(writeGraph(graph)).toBe(text);
    expect(graph.nodes.filter(({ type }) => specOfType(type, catalogue) === undefined)).toEqual([]);
  });

  it('can be run as it is: every node that is drawn has a task', () => {
    const { tasks, skipped, problems } = plan(workflow, catalogue);
    expect(problems).toEqual([]);
    expect(skipped).toEqual([]);
    const drawn = [...workflow.nodes.values()].filter(({ type }) => specOfType(type, catalogue)?.virtual !== true);
    expect(tasks.map(({ id }) => id).sort()).toEqual(drawn.map(({ id }) => id).sort());
  });

  it('says what it is and what to look at', () => {
    for (const field of ['name', 'description', 'notes']) expect(graph.extra[field]).toMatch(/\w{3,}/);
  });

  it('marks fields that exist and are edited', () => {
    const { fields } = graph.extra;
    expect(Array.isArray(fields) && fields.length > 0).toBe(true);
    for (const field of Array.isArray(fields) ? fields : []) {
      const [id, port] = String(field).split('.');
      const node = graph.nodes.find((candidate) => String(candidate.id) === id);
      expect(node && specOfType(node.type, catalogue)?.inputs.find((input) => input.name === port)?.widget).toBeDefined();
      expect(node?.inputs.find((input) => input.name === port)?.link ?? null).toBeNull();
    }
  });

  it('is drawn with room: no nodes on each other, no wires behind nodes', () => {
    expect(overlaps(graph)).toEqual([]);
    expect(hiddenWires(graph)).toEqual([]);
  });

  it('comes through the compact form with all that runs', () => {
    const back = readWorkflow(stringifyJson(toCompact(workflow)), catalogue);
    expect(back.warnings).toEqual([]);
    expect(plan(back.workflow, catalogue)).toEqual(plan(workflow, catalogue));
  });
});

describe('text-to-image.json', () => {
  it('wires the stages one by one', () => {
    const types = [...readWorkflow(template('text-to-image.json'), catalogue).workflow.nodes.values()].map(({ type }) => type);
    expect(types.sort()).toEqual([
      'BasicScheduler',
      'CFGGuider',
      'CLIPTextEncode',
      'CLIPTextEncode',
      'CheckpointLoaderSimple',
      'EmptyLatentImage',
      'KSamplerSelect',
      'RandomNoise',
      'SamplerCustomAdvanced',
      'SaveImage',
      'VAEDecode',
    ]);
  });
});

describe('unrolled-steps.json', () => {
  it('takes each step of its schedule once, in order', () => {
    const { workflow } = readWorkflow(template('unrolled-steps.json'), catalogue);
    const steps = plan(workflow, catalogue).tasks.filter(({ type }) => type === 'UNetStep');
    expect(steps.map(({ inputs }) => inputs.step)).toEqual(steps.map((_, value) => ({ value })));
    const scheduler = [...workflow.nodes.values()].find(({ type }) => type === 'BasicScheduler');
    expect(scheduler?.inputs.steps).toEqual({ value: steps.length });
  });
});

describe('example.png', () => {
  it('is a small PNG', () => {
    const bytes = readFileSync(new URL('example.png', folder));
    expect(isPng(bytes)).toBe(true);
    expect(readChunks(bytes, new Set(['IHDR', 'IDAT'])).map(({ type }) => type)).toContain('IDAT');
    expect(bytes.length).toBeLessThan(20_000);
  });
});
