import { describe, expect, it } from 'vitest';
import type { Problem } from '../../nodes/kit/index.ts';
import { withChoices } from '../../server/catalogue.ts';
import { readWorkflow, sizedFields, validate } from '../../workflows/index.ts';
import { realCatalogue } from './real-catalogue.ts';

const sizes = { even: { multiple: 2 }, fixed: { multiple: 2, width: 8, height: 16 } };
const catalogue = withChoices(await realCatalogue(), { checkpoints: ['any', 'even', 'fixed'], inputImages: [], sizes });

const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
type Nodes = Record<string, ReturnType<typeof node>>;

/** A picture by one sampler, with other nodes put in or in the place of these. */
const graph = (ckpt_name: string | undefined, size: Record<string, unknown>, others: Nodes = {}): Nodes => ({
  load: node('CheckpointLoaderSimple', ckpt_name === undefined ? {} : { ckpt_name }),
  words: node('CLIPTextEncode', { text: 'rocket', clip: ['load', 1] }),
  empty: node('EmptyLatentImage', size),
  sample: sampler(),
  seen: node('VAEDecode', { samples: ['sample', 0], vae: ['load', 2] }),
  shown: node('PreviewImage', { images: ['seen', 0] }),
  ...others,
});
const sampler = (inputs: Record<string, unknown> = {}) =>
  node('KSampler', { model: ['load', 0], positive: ['words', 0], negative: ['words', 0], latent_image: ['empty', 0], ...inputs });

const check = (nodes: Nodes, targets?: readonly string[]): readonly Problem[] =>
  validate(readWorkflow(nodes, catalogue).workflow, catalogue, targets ? { targets } : {});
const places = (nodes: Nodes): readonly string[] => check(nodes).map(({ code, node: id, port }) => `${code} ${id}.${port}`);
const held = (nodes: Nodes) => sizedFields(() => readWorkflow(nodes, catalogue).workflow, catalogue);

describe('a size that the model does not take', () => {
  it('is said at its field, with the nearest that it takes', () => {
    const [problem, ...more] = check(graph('even', { width: 72, height: 64 }));
    expect(more).toEqual([]);
    expect(problem).toEqual({
      code: 'size-mismatch',
      node: 'empty',
      port: 'width',
      message:
        '“Empty latent” (node empty), “width”: the model “even” takes only multiples of 16, as it was exported, and this is 72. Choose 64 or 80, or export the model for any size.',
    });
  });

  it('is any but one where the export fixed it, for each side', () => {
    const problems = check(graph('fixed', { width: 64, height: 64 }));
    expect(problems.map(({ port, message }) => [port, message])).toEqual([
      ['height', expect.stringContaining('was exported for a height of 128 only, and this is 64. Choose 128, or')],
    ]);
    expect(places(graph('fixed', { width: 512, height: 128 }))).toEqual(['size-mismatch empty.width']);
  });

  it('is measured as the latent will be, in whole cells, and where no size is set by the default', () => {
    expect(places(graph('even', { width: 68, height: 64 }))).toEqual([]);
    expect(places(graph('even', { width: 79, height: 64 }))).toEqual(['size-mismatch empty.width']);
    expect(places(graph('even', {}))).toEqual([]);
    expect(places(graph('fixed', {}))).toEqual(['size-mismatch empty.width', 'size-mismatch empty.height']);
  });

  it('is none for a model that takes every size, nor for a sampler that does not run', () => {
    expect(places(graph('any', { width: 72, height: 56 }))).toEqual([]);
    expect(places(graph(undefined, { width: 72, height: 56 }))).toEqual([]);
    const other = graph(
      'even',
      { width: 72, height: 64 },
      { free: node('EmptyImage'), other: node('PreviewImage', { images: ['free', 0] }) },
    );
    expect(check(other, ['other'])).toEqual([]);
    expect(check(other, ['shown'])).toHaveLength(1);
  });

  it('is found through a LoRA, model sampling and guidance, and through a sampler before', () => {
    const long: Nodes = {
      shifted: node('ModelSamplingDiscrete', { model: ['load', 0] }),
      guided: node('CFGGuider', { model: ['shifted', 0], positive: ['words', 0], negative: ['words', 0] }),
      sigmas: node('BasicScheduler', { model: ['load', 0] }),
      noise: node('RandomNoise', { noise_seed: 1 }),
      chosen: node('KSamplerSelect'),
      first: sampler(),
      sample: node('SamplerCustomAdvanced', {
        ...{ noise: ['noise', 0], guider: ['guided', 0], sampler: ['chosen', 0], sigmas: ['sigmas', 0], latent_image: ['first', 0] },
      }),
    };
    expect(places(graph('even', { width: 64, height: 72 }, long))).toEqual(['size-mismatch empty.height']);
  });

  it('is said for each model once that does not take it', () => {
    const two: Nodes = {
      fixed: node('CheckpointLoaderSimple', { ckpt_name: 'fixed' }),
      again: sampler({ model: ['fixed', 0] }),
      once_more: sampler({ model: ['fixed', 0], seed: 5 }),
      looks: node('VAEDecode', { samples: ['again', 0], vae: ['load', 2] }),
      both: node('PreviewImage', { images: ['looks', 0] }),
      too: node('PreviewImage', { images: ['more', 0] }),
      more: node('VAEDecode', { samples: ['once_more', 0], vae: ['load', 2] }),
    };
    const messages = check(graph('even', { width: 72, height: 128 }, two)).map(({ message }) => /model “(\w+)”/.exec(message)?.[1]);
    expect(messages.sort()).toEqual(['even', 'fixed']);
  });

  it('is found at a scaled latent, whose sides of 0 and below the least follow from what is scaled', () => {
    const scaled = (size: Record<string, unknown>): Nodes =>
      graph(
        'even',
        { width: 64, height: 64 },
        {
          first: sampler(),
          scale: node('LatentUpscale', { samples: ['first', 0], upscale_method: 'bilinear', ...size }),
          sample: sampler({ latent_image: ['scale', 0], denoise: 0.5 }),
        },
      );
    expect(places(scaled({ width: 120, height: 0 }))).toEqual(['size-mismatch scale.width']);
    expect(places(scaled({ width: 40, height: 96 }))).toEqual([]);
  });

  it('is left to the run where a wire brings it or something else makes the latent', () => {
    const cropped: Nodes = {
      cut: node('LatentCrop', { samples: ['empty', 0], width: 72, height: 72 }),
      sample: sampler({ latent_image: ['cut', 0] }),
    };
    expect(places(graph('even', { width: 128, height: 128 }, cropped))).toEqual([]);
    const wired = graph('fixed', { width: ['measure', 0], height: 128 }, { measure: node('SizeRatio') });
    expect(places(wired)).toContain('wrong-type empty.width');
    expect(places(wired)).not.toContain('size-mismatch empty.width');
  });
});

describe('size fields', () => {
  it('step from one size that the model takes to the next', () => {
    expect(held(graph('even', {}))).toEqual([
      { node: 'empty', port: 'width', model: 'even', step: 16, only: undefined },
      { node: 'empty', port: 'height', model: 'even', step: 16, only: undefined },
    ]);
    expect(held(graph('fixed', {})).map(({ only }) => only)).toEqual([64, 128]);
    expect(held(graph('any', {}))).toEqual([]);
  });
});
