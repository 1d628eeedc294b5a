import { describe, expect, it } from 'vitest';
import type { NodeSpec } from '../../nodes/kit/index.ts';
import { type Plan, plan, readWorkflow } from '../../workflows/index.ts';
import { catalogue } from './catalogue.ts';
import { comfyApi } from './sample-graphs.ts';

type Compact = Record<string, { class_type: string; inputs: Record<string, unknown>; _meta?: object }>;

const planOf = (compact: Compact, targets?: readonly string[]): Plan =>
  plan(readWorkflow(compact, catalogue).workflow, catalogue, targets ? { targets } : {});

const ids = ({ tasks }: Plan): string[] => tasks.map(({ id }) => id);
const inputsOf = ({ tasks }: Plan, id: string) => tasks.find((task) => task.id === id)?.inputs;
const mute = { mode: 'mute' };
const bypass = { mode: 'bypass' };

/** EmptyImage 0 → `count` × ImageInvert → PreviewImage. */
function chain(count: number, meta?: object): Compact {
  const compact: Compact = { 0: { class_type: 'EmptyImage', inputs: {} } };
  for (let id = 1; id <= count; id++)
    compact[id] = { class_type: 'ImageInvert', inputs: { image: [String(id - 1), 0] }, ...(meta ? { _meta: meta } : {}) };
  compact.end = { class_type: 'PreviewImage', inputs: { images: [String(count), 0] } };
  return compact;
}

describe('plan', () => {
  it('puts every task after what it needs, with values parsed and defaults filled in', () => {
    const result = planOf(comfyApi);
    expect(result.problems).toEqual([]);
    expect(ids(result).at(-1)).toBe('9');
    const done = new Set<string>();
    for (const { id, inputs } of result.tasks) {
      for (const input of Object.values(inputs)) if ('from' in input) expect(done).toContain(input.from);
      done.add(id);
    }
    expect(done.size).toBe(7);
    expect(inputsOf(result, '3')).toEqual({
      model: { from: '4', output: 0 },
      seed: { value: 156680208700286n },
      steps: { value: 25 },
      cfg: { value: 7.5 },
      sampler_name: { value: 'heun' },
      scheduler: { value: 'karras' },
      positive: { from: '6', output: 0 },
      negative: { from: '7', output: 0 },
      latent_image: { from: '5', output: 0 },
      denoise: { value: 0.9 },
    });
    expect(inputsOf(planOf(chain(0)), '0')).toEqual({ width: { value: 64 }, height: { value: 64 }, color: { value: 0 } });
  });

  it('runs only what a result needs, and what it needs only once', () => {
    const compact: Compact = {
      ...chain(1),
      other: { class_type: 'EmptyImage', inputs: {} },
      end2: { class_type: 'SaveImage', inputs: { images: ['1', 0] } },
    };
    expect(ids(planOf(compact))).toEqual(['0', '1', 'end', 'end2']);
  });

  it('brings the nearest result first', () => {
    const compact: Compact = {
      far: { class_type: 'PreviewImage', inputs: { images: ['3', 0] } },
      ...chain(3),
      end: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    };
    expect(ids(planOf(compact))).toEqual(['0', '1', 'end', '2', '3', 'far']);
  });

  it('runs up to targets, whether or not they show anything', () => {
    expect(ids(planOf(chain(5), ['2']))).toEqual(['0', '1', '2']);
    expect(planOf(chain(1), ['nope']).problems).toMatchObject([{ code: 'unknown-node' }]);
  });

  it('is fine with ten thousand nodes in a row, bypassed or not, and with wide graphs', () => {
    expect(ids(planOf(chain(10_000)))).toHaveLength(10_002);
    expect(ids(planOf(chain(10_000, bypass)))).toEqual(['0', 'end']);
    expect(planOf(chain(10_000, mute)).tasks).toEqual([]);
    const wide: Compact = { 0: { class_type: 'EmptyImage', inputs: {} } };
    for (let id = 1; id <= 9_999; id++) wide[id] = { class_type: 'PreviewImage', inputs: { images: ['0', 0] } };
    expect(ids(planOf(wide))).toHaveLength(10_000);
  });

  it('takes work in proportion to the graph', () => {
    let reads = 0;
    const get = <T extends object>(target: T, name: string | symbol): unknown => {
      reads += 1;
      return Reflect.get(target, name);
    };
    const counted = new Map([...catalogue].map(([type, spec]) => [type, new Proxy<NodeSpec>(spec, { get })]));
    const cost = (count: number): number => {
      reads = 0;
      plan(readWorkflow(chain(count), catalogue).workflow, counted);
      return reads;
    };
    expect(cost(4000) / cost(1000)).toBeLessThan(4.5);
  });
});

describe('mute', () => {
  it('skips what needs the muted node, with the reason, and runs the rest', () => {
    const result = planOf({
      ...chain(2),
      1: { class_type: 'ImageInvert', inputs: { image: ['0', 0] }, _meta: { mode: 'mute', title: 'Upside' } },
      end2: { class_type: 'PreviewImage', inputs: { images: ['0', 0] } },
    });
    expect(result.problems).toEqual([]);
    expect(ids(result)).toEqual(['0', 'end2']);
    expect(result.skipped).toEqual([
      { node: '1', reason: 'It is muted.' },
      { node: '2', reason: 'It needs “Upside” (node 1), which is muted.' },
      { node: 'end', reason: 'It needs ImageInvert (node 2), which does not run.' },
    ]);
  });

  it('leaves optional inputs unwired', () => {
    const result = planOf({
      a: { class_type: 'EmptyImage', inputs: {} },
      b: { class_type: 'EmptyImage', inputs: {}, _meta: mute },
      c: { class_type: 'ImageBlend', inputs: { image1: ['a', 0], image2: ['a', 0], extra: ['b', 0] } },
      end: { class_type: 'PreviewImage', inputs: { images: ['c', 0] } },
    });
    expect(inputsOf(result, 'c')).toEqual({ image1: { from: 'a', output: 0 }, image2: { from: 'a', output: 0 }, strict: { value: false } });
  });

  it('breaks circles', () => {
    const result = planOf({
      a: { class_type: 'ImageInvert', inputs: { image: ['b', 0] }, _meta: mute },
      b: { class_type: 'ImageInvert', inputs: { image: ['a', 0] } },
      ...chain(0),
    });
    expect(result.problems).toEqual([]);
    expect(ids(result)).toEqual(['0', 'end']);
  });
});

describe('bypass', () => {
  it('passes the input at the same place on if it has the same type, else the first that has', () => {
    const compact: Compact = {
      a: { class_type: 'EmptyImage', inputs: {} },
      b: { class_type: 'EmptyImage', inputs: { width: 128 } },
      c: { class_type: 'ImageBlend', inputs: { image1: ['a', 0], image2: ['b', 0] }, _meta: bypass },
      end: { class_type: 'PreviewImage', inputs: { images: ['c', 0] } },
      latent: { class_type: 'EmptyLatentImage', inputs: {} },
      k: { class_type: 'KSampler', inputs: { latent_image: ['latent', 0] }, _meta: bypass },
      loader: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny-emoji' } },
      decode: { class_type: 'VAEDecode', inputs: { samples: ['k', 0], vae: ['loader', 2] } },
      end2: { class_type: 'PreviewImage', inputs: { images: ['decode', 0] } },
    };
    const result = planOf(compact);
    expect(result.problems).toEqual([]);
    expect(inputsOf(result, 'end')).toEqual({ images: { from: 'a', output: 0 } });
    expect(inputsOf(result, 'decode')).toEqual({ samples: { from: 'latent', output: 0 }, vae: { from: 'loader', output: 2 } });
    expect(ids(result)).not.toContain('b');
  });

  it('keeps to the same place where several inputs have the type', () => {
    const result = planOf({
      a: { class_type: 'EmptyImage', inputs: {} },
      b: { class_type: 'EmptyImage', inputs: {} },
      swap: { class_type: 'ImageSwap', inputs: { image1: ['a', 0], image2: ['b', 0] }, _meta: bypass },
      first: { class_type: 'PreviewImage', inputs: { images: ['swap', 0] } },
      second: { class_type: 'PreviewImage', inputs: { images: ['swap', 1] } },
    });
    expect(inputsOf(result, 'first')).toEqual({ images: { from: 'a', output: 0 } });
    expect(inputsOf(result, 'second')).toEqual({ images: { from: 'b', output: 0 } });
  });

  it('takes the wired one of several inputs of the same type', () => {
    const result = planOf({
      ...chain(0),
      c: { class_type: 'ImageBlend', inputs: { image2: ['0', 0] }, _meta: bypass },
      end: { class_type: 'PreviewImage', inputs: { images: ['c', 0] } },
    });
    expect(inputsOf(result, 'end')).toEqual({ images: { from: '0', output: 0 } });
  });

  it('skips what hangs on a bypassed node with nothing to pass on', () => {
    const result = planOf({
      ...chain(0),
      a: { class_type: 'EmptyImage', inputs: {}, _meta: bypass },
      c: { class_type: 'PreviewImage', inputs: { images: ['a', 0] } },
    });
    expect(ids(result)).toEqual(['0', 'end']);
    expect(result.skipped).toContainEqual({
      node: 'c',
      reason: 'Its input “images” gets nothing: EmptyImage (node a) is bypassed and has no input to pass on as IMAGE.',
    });
  });

  it('works for unknown nodes too, by what is wired into them', () => {
    const result = planOf({
      ...chain(0),
      latent: { class_type: 'EmptyLatentImage', inputs: {} },
      x: { class_type: 'Fancy', inputs: { what: ['latent', 0], picture: ['0', 0] }, _meta: bypass },
      end: { class_type: 'PreviewImage', inputs: { images: ['x', 0] } },
    });
    expect(result.problems).toEqual([]);
    expect(inputsOf(result, 'end')).toEqual({ images: { from: '0', output: 0 } });
  });
});

describe('problems', () => {
  it('leave out what needs the faulty node, and let the rest run', () => {
    const result = planOf({
      ...chain(1),
      bad: { class_type: 'EmptyImage', inputs: { width: 0 } },
      end2: { class_type: 'PreviewImage', inputs: { images: ['bad', 0] } },
    });
    expect(result.problems).toMatchObject([{ code: 'out-of-range', node: 'bad' }]);
    expect(ids(result)).toEqual(['0', '1', 'end']);
    expect(result.skipped).toContainEqual({ node: 'end2', reason: 'It needs EmptyImage (node bad), which cannot run.' });
  });

  it('of a circle keep its nodes out', () => {
    const result = planOf({
      ...chain(0),
      a: { class_type: 'ImageInvert', inputs: { image: ['b', 0] } },
      b: { class_type: 'ImageInvert', inputs: { image: ['a', 0] } },
      end2: { class_type: 'PreviewImage', inputs: { images: ['b', 0] } },
    });
    expect(result.problems).toMatchObject([{ code: 'cycle' }]);
    expect(ids(result)).toEqual(['0', 'end']);
  });
});
