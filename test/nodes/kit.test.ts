import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Autoencoder,
  choice,
  concatBatch,
  defineNode,
  type Image,
  image,
  int,
  type Latent,
  latent,
  optional,
  parseValue,
  type RunContext,
  seed,
  sliceBatch,
  specOf,
  tensor,
  text,
  toProblem,
  typesFit,
  vae,
} from '../../nodes/kit/index.ts';
import { failure } from '../workflows/failure.ts';
import { realCatalogue } from '../workflows/real-catalogue.ts';

const help = 'For the test.';

describe('ports are the only declaration', () => {
  it('and give `run` the types of its inputs and outputs', () => {
    const node = defineNode({
      type: 'Typed',
      title: 'Typed',
      category: 'image',
      help,
      inputs: {
        count: int({ help, default: 1, min: 0, max: 9 }),
        chance: seed({ help }),
        words: text({ help }),
        kind: choice(['soft', 'hard'], { help }),
        samples: latent({ help }),
        vae: vae({ help }),
        extra: optional(image({ help })),
      },
      outputs: { IMAGE: image({ help }) },
      run(inputs, context) {
        expectTypeOf(inputs.count).toEqualTypeOf<number>();
        expectTypeOf(inputs.chance).toEqualTypeOf<bigint>();
        expectTypeOf(inputs.words).toEqualTypeOf<string>();
        expectTypeOf(inputs.kind).toEqualTypeOf<'soft' | 'hard'>();
        expectTypeOf(inputs.samples).toEqualTypeOf<Latent>();
        expectTypeOf(inputs.vae).toEqualTypeOf<Autoencoder>();
        expectTypeOf(inputs.extra).toEqualTypeOf<Image | undefined>();
        expectTypeOf(context).toEqualTypeOf<RunContext>();
        // @ts-expect-error: there is no such input
        expectTypeOf(inputs.nothing).toBeUnknown();
        return { IMAGE: inputs.extra ?? tensor([1, 1, 1, 3], new Float32Array(3)) };
      },
    });
    defineNode({
      type: 'Wrong',
      title: 'Wrong',
      category: 'image',
      help,
      inputs: {},
      outputs: { IMAGE: image({ help }) },
      // @ts-expect-error: a picture was promised
      run: () => ({ IMAGE: 'no picture' }),
    });
    expect(specOf(node).inputs.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'count:INT',
      'chance:INT',
      'words:STRING',
      'kind:COMBO',
      'samples:LATENT',
      'vae:VAE',
      'extra:IMAGE',
    ]);
  });

  it('and are plain data: the catalogue goes through JSON unchanged', async () => {
    const specs = [...(await realCatalogue()).values()];
    expect(JSON.parse(JSON.stringify(specs))).toEqual(specs);
  });

  it('and explain themselves: every node and every port has a sentence of help', async () => {
    for (const { type, help: about, inputs, outputs } of (await realCatalogue()).values()) {
      expect(about, type).toMatch(/^[\p{Lu}x].{15,}\.$/su);
      for (const port of [...inputs, ...outputs]) expect(port.help, `${type}.${port.name}`).toMatch(/^\S.{5,}\.$/su);
    }
  });

  it('have ComfyUI’s names where it has the same node', async () => {
    const catalogue = await realCatalogue();
    const names = (type: string) => catalogue.get(type)?.inputs.map(({ name }) => name);
    expect(names('KSampler')).toEqual([
      'model',
      'seed',
      'steps',
      'cfg',
      'sampler_name',
      'scheduler',
      'positive',
      'negative',
      'latent_image',
      'denoise',
    ]);
    expect(names('SamplerCustomAdvanced')?.slice(0, 5)).toEqual(['noise', 'guider', 'sampler', 'sigmas', 'latent_image']);
    expect(names('ImageScale')).toEqual(['image', 'upscale_method', 'width', 'height', 'crop']);
    for (const type of ['CLIPTextEncode', 'VAEEncode', 'LoadImage', 'CheckpointLoaderSimple', 'Reroute', 'PrimitiveNode', 'Note'])
      expect(catalogue.has(type), type).toBe(true);
  });
});

describe('values', () => {
  it('of seeds are exact from 0 to 2^64 − 1, whatever they come as', () => {
    const port = seed({ help });
    for (const raw of ['18446744073709551615', 18446744073709551615n]) expect(parseValue(port, raw)).toBe(2n ** 64n - 1n);
    expect(parseValue(port, 12)).toBe(12n);
    for (const bad of [-1, '-1', 2n ** 64n]) expect(failure(() => parseValue(port, bad)).code).toBe('out-of-range');
    for (const bad of [0.5, 'x', '', null, undefined, true, {}]) expect(failure(() => parseValue(port, bad)).code).toBe('bad-value');
  });

  it('of whole numbers are never cut to one', () => {
    const port = int({ help, default: 1, min: 0, max: 9 });
    expect(parseValue(port, '9')).toBe(9);
    for (const bad of [1.5, '1.5', Number.NaN, Number.POSITIVE_INFINITY])
      expect(failure(() => parseValue(port, bad)).code).toBe('bad-value');
  });

  it('fit the inputs of their type, and what is as good', () => {
    for (const [from, to] of [
      ['INT', 'FLOAT'],
      ['*', 'MODEL'],
      ['LATENT', '*'],
      ['COMBO', 'STRING'],
      ['IMAGE', 'MASK,IMAGE'],
    ] as const)
      expect(typesFit(from, to), `${from} → ${to}`).toBe(true);
    for (const [from, to] of [
      ['FLOAT', 'INT'],
      ['IMAGE', 'LATENT'],
      ['STRING', 'INT'],
    ] as const)
      expect(typesFit(from, to), `${from} → ${to}`).toBe(false);
  });
});

describe('errors', () => {
  it('for want of memory say what to do', () => {
    for (const make of [() => new Float32Array(2 ** 50), () => new ArrayBuffer(2 ** 53)]) {
      let problem = toProblem(undefined);
      try {
        make();
      } catch (thrown) {
        problem = toProblem(thrown, { node: '3' });
      }
      expect(problem).toMatchObject({ code: 'out-of-memory', node: '3' });
      expect(problem.message).toContain('smaller size');
    }
  });

  it('of anything else keep the words of the cause', () => {
    expect(toProblem(new RangeError('toFixed() digits'))).toEqual({ code: 'internal', message: 'Unexpected failure: toFixed() digits' });
    expect(toProblem('thrown text').message).toContain('thrown text');
  });
});

describe('tensors', () => {
  it('of a batch can be joined and parted again', () => {
    const [a, b] = [tensor([1, 2], Float32Array.of(1, 2)), tensor([2, 2], Float32Array.of(3, 4, 5, 6))];
    const both = concatBatch([a, b]);
    expect([both.dims, [...both.data]]).toEqual([
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect([...sliceBatch(both, 1, 2).data]).toEqual([3, 4, 5, 6]);
    expect(failure(() => concatBatch([a, tensor([1, 3], new Float32Array(3))])).code).toBe('size-mismatch');
    expect(failure(() => tensor([2, 2], new Float32Array(3))).message).toContain('needs 4 values, got 3');
  });
});
