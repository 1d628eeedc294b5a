import { describe, expect, it } from 'vitest';
import type { Problem } from '../../nodes/kit/index.ts';
import { readWorkflow, validate } from '../../workflows/index.ts';
import { catalogue } from './catalogue.ts';
import { comfyApi } from './sample-graphs.ts';

type Compact = Record<string, { class_type: string; inputs: Record<string, unknown>; _meta?: object }>;

const check = (compact: Compact, targets?: readonly string[]): readonly Problem[] =>
  validate(readWorkflow(compact, catalogue).workflow, catalogue, targets ? { targets } : {});

/** The ComfyUI sample with inputs of some nodes changed. */
const changed = (changes: Record<string, Record<string, unknown>>): Compact => {
  const copy: Compact = structuredClone(comfyApi);
  for (const [id, inputs] of Object.entries(changes)) Object.assign(copy[id]?.inputs ?? {}, inputs);
  return copy;
};

const image: Compact = { 1: { class_type: 'EmptyImage', inputs: {} }, 2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } } };

describe('validate', () => {
  it('finds nothing wrong with a good workflow', () => {
    expect(check(comfyApi)).toEqual([]);
  });

  it('reports every problem at once, each with its place', () => {
    const problems = check(
      changed({
        3: { cfg: 'banana', steps: 0, sampler_name: 'eulr', model: ['4', 1], positive: null },
        5: { width: ['99', 0] },
        8: { vae: ['4', 7] },
        9: { filename_prefix: '../../etc/passwd' },
      }),
    );
    expect(problems.map(({ code, node, port }) => `${code} ${node}.${port}`).sort()).toEqual([
      'bad-link 5.width',
      'bad-link 8.vae',
      'bad-path 9.filename_prefix',
      'bad-value 3.cfg',
      'missing-input 3.positive',
      'not-in-list 3.sampler_name',
      'out-of-range 3.steps',
      'wrong-type 3.model',
    ]);
  });

  it('says what came, what was expected and what to do', () => {
    const [wrong] = check(changed({ 3: { model: ['4', 1] } }));
    expect(wrong?.message).toBe(
      'KSampler (node 3), “model” expects MODEL, but “Load Checkpoint” (node 4) gives CLIP there. Connect an output of type MODEL.',
    );
    const [range] = check(changed({ 3: { steps: 10001 } }));
    expect(range?.message).toBe('KSampler (node 3), “steps”: Expected a value from 1 to 10000, got 10001.');
    const [missing] = check(changed({ 8: { samples: null } }));
    expect(missing?.message).toBe('VAEDecode (node 8) misses its input “samples”. Connect an output of type LATENT, or mute the node.');
  });

  it('names the nearest types for an unknown one', () => {
    const [problem] = check({ ...image, 3: { class_type: 'KSamplr', inputs: {} } });
    expect(problem).toMatchObject({ code: 'unknown-node-type', node: '3', message: expect.stringContaining('Did you mean “KSampler”') });
  });

  it('does not judge unknown nodes that are muted or bypassed', () => {
    for (const mode of ['mute', 'bypass']) expect(check({ ...image, 3: { class_type: 'Nope', inputs: {}, _meta: { mode } } })).toEqual([]);
  });

  it('names a wire to an input that does not exist, with the nearest', () => {
    const [problem] = check({ ...image, 3: { class_type: 'PreviewImage', inputs: { images: ['1', 0], image: ['1', 0] } } });
    expect(problem).toMatchObject({
      code: 'unknown-port',
      node: '3',
      port: 'image',
      message: expect.stringContaining('Did you mean “images”'),
    });
  });

  it('wants wires where only wires go', () => {
    expect(check(changed({ 3: { model: 'tiny-emoji' } }))).toMatchObject([{ code: 'wrong-type', node: '3', port: 'model' }]);
  });

  it('calls a model or a picture that is not there missing, and lists what is', () => {
    const load: Compact = { ...image, 1: { class_type: 'LoadImage', inputs: { image: 'exampel.png' } } };
    expect(check(load)).toMatchObject([
      { code: 'missing-file', message: expect.stringMatching(/input folder.*Did you mean “example.png”/) },
    ]);
    expect(check(changed({ 4: { ckpt_name: 'sd15.safetensors' } }))).toMatchObject([
      { code: 'missing-model', message: expect.stringContaining('“tiny-emoji”') },
    ]);
  });

  it.each([
    '../x.png',
    'a/../../x',
    '/etc/passwd',
    'C:\\x',
    'a\\b',
    'a\0b',
    '..',
    'a/./b',
    '//x/y',
    'x'.repeat(300),
    'con/x',
    'a./b',
    '\\\\host\\x',
  ])('refuses %j as a file', (path) => {
    const load: Compact = { ...image, 1: { class_type: 'LoadImage', inputs: { image: path } } };
    expect(check(load)).toMatchObject([{ code: 'bad-path', node: '1', port: 'image' }]);
    expect(check(changed({ 9: { filename_prefix: path } }))).toMatchObject([{ code: 'bad-path', node: '9' }]);
    expect(check(changed({ 4: { ckpt_name: path } }))).toMatchObject([{ code: 'bad-path', node: '4' }]);
  });

  it('says why a path is refused', () => {
    const [problem] = check(changed({ 9: { filename_prefix: 'a/../../b' } }));
    expect(problem?.message).toBe(
      'SaveImage (node 9), “filename_prefix”: “a/../../b” is not allowed: it holds “.” or “..” as a folder. Name a file inside its folder.',
    );
  });

  it.each(['test..png', 'a/b/c', 'ComfyUI', 'ü/名前', '2026-11-24/img', ''])('takes %j as a prefix', (path) => {
    expect(check(changed({ 9: { filename_prefix: path } }))).toEqual([]);
  });

  it('names the nodes of a circle, also where nothing hangs on it', () => {
    const circle: Compact = {
      ...image,
      3: { class_type: 'ImageInvert', inputs: { image: ['5', 0] }, _meta: { title: 'First' } },
      4: { class_type: 'ImageInvert', inputs: { image: ['3', 0] } },
      5: { class_type: 'ImageInvert', inputs: { image: ['4', 0] } },
      6: { class_type: 'PreviewImage', inputs: { images: ['5', 0] } },
    };
    expect(check(circle)).toMatchObject([
      {
        code: 'cycle',
        message:
          'These nodes wait for each other in a circle: “First” (node 3) needs ImageInvert (node 5) needs ImageInvert (node 4) needs “First” (node 3). Remove one of the wires between them.',
      },
    ]);
    expect(check({ ...image, 3: { class_type: 'ImageInvert', inputs: { image: ['3', 0] } } })).toMatchObject([
      { code: 'cycle', node: '3' },
    ]);
  });

  it('lets an unfinished corner be, but not a wrong one', () => {
    expect(check({ ...image, 3: { class_type: 'ImageInvert', inputs: {} } })).toEqual([]);
    expect(check({ ...image, 3: { class_type: 'EmptyImage', inputs: { width: -1 } } })).toMatchObject([{ code: 'out-of-range' }]);
  });

  it('looks only at what the targets need', () => {
    const bad: Compact = { ...image, 3: { class_type: 'KSamplr', inputs: {} }, 4: { class_type: 'ImageInvert', inputs: {} } };
    expect(check(bad, ['2'])).toEqual([]);
    expect(check(bad, ['4'])).toMatchObject([{ code: 'missing-input', node: '4' }]);
    expect(check(bad, ['22'])).toMatchObject([{ code: 'unknown-node', node: '22', message: expect.stringContaining('Did you mean “2”') }]);
  });

  it('says when there is nothing to run, and why', () => {
    expect(check({ 1: { class_type: 'EmptyImage', inputs: {} } })).toMatchObject([{ code: 'nothing-to-run' }]);
    const muted: Compact = {
      1: { class_type: 'EmptyImage', inputs: {}, _meta: { mode: 'mute' } },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    };
    expect(check(muted)).toMatchObject([
      { code: 'nothing-to-run', node: '2', message: expect.stringContaining('EmptyImage (node 1), which is muted') },
    ]);
  });

  it('keeps seeds exact at the limit and refuses them beyond', () => {
    expect(check(changed({ 3: { seed: 18446744073709551615n } }))).toEqual([]);
    expect(check(changed({ 3: { seed: 18446744073709551616n } }))).toMatchObject([{ code: 'out-of-range', port: 'seed' }]);
    expect(check(changed({ 3: { seed: -1 } }))).toMatchObject([{ code: 'out-of-range', port: 'seed' }]);
  });

  it('checks a value that comes through a bypassed node', () => {
    const compact: Compact = {
      ...image,
      3: { class_type: 'ImageInvert', inputs: { image: ['4', 0] }, _meta: { mode: 'bypass' } },
      4: { class_type: 'EmptyLatentImage', inputs: {} },
      5: { class_type: 'PreviewImage', inputs: { images: ['3', 0] } },
    };
    expect(check(compact)).toMatchObject([
      { code: 'wrong-type', node: '5', message: expect.stringContaining('EmptyLatentImage (node 4) gives LATENT') },
    ]);
  });
});

describe('reading the compact form', () => {
  it('leaves values of unknown names out, with a warning that names the nearest', () => {
    const { workflow, warnings } = readWorkflow({ 1: { class_type: 'KSampler', inputs: { sedd: 5, __value: 1 } } }, catalogue);
    expect(workflow.nodes.get('1')?.inputs).toEqual({});
    expect(warnings).toMatchObject([
      { code: 'unknown-port', node: '1', port: 'sedd', message: expect.stringContaining('Did you mean “seed”') },
      { code: 'unknown-port' },
    ]);
  });

  it('unwraps values and drops what is neither wire nor value', () => {
    const inputs = { seed: { __value__: 7 }, steps: { __value__: [1, 2] }, cfg: [1, 2, 3], model: ['1', -1], positive: { a: 1 } };
    const { workflow, warnings } = readWorkflow({ 1: { class_type: 'KSampler', inputs } }, catalogue);
    expect(workflow.nodes.get('1')?.inputs).toEqual({ seed: { value: 7 } });
    expect(warnings.map(({ code, port }) => `${code} ${port}`)).toEqual([
      'bad-value steps',
      'bad-link cfg',
      'bad-link model',
      'bad-value positive',
    ]);
  });

  it('takes wires with numbers as ids and types with the prefix', () => {
    const { workflow } = readWorkflow(
      { 1: { class_type: 'diffusion/EmptyImage' }, 'a.0.3': { class_type: 'PreviewImage', inputs: { images: [1, 0] } } },
      catalogue,
    );
    expect(workflow.nodes.get('1')?.type).toBe('EmptyImage');
    expect(validate(workflow, catalogue)).toEqual([]);
  });
});
