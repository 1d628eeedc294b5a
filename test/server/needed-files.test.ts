import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeSpec } from '../../nodes/kit/index.ts';
import { loadCatalogue } from '../../server/catalogue.ts';
import { ManifestWriter } from '../../server/engine/manifest.ts';
import { ModelHashes } from '../../server/engine/models/hashes.ts';
import { listParts } from '../../server/engine/models/part-files.ts';
import { LiveCatalogue } from '../../server/files/live-catalogue.ts';
import { DocumentReader } from '../../server/jobs/reader.ts';
import { readAgain } from '../../server/jobs/submit.ts';
import { plan, readWorkflow, stringifyJson } from '../../workflows/index.ts';
import { temporaryFolder } from './rig.ts';

let folder = '';
let specs: ReadonlyMap<string, NodeSpec>;
const files = [
  'loras/people/ink',
  'loras/spare',
  'vae/soft',
  'text_encoders/words',
  'diffusion_models/net',
  'controlnet/edges',
  'embeddings/moss',
];

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const file of files) {
    const path = join(folder, `${file}.safetensors`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file);
  }
  ({ specs } = await loadCatalogue());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function openCatalogue(): Promise<LiveCatalogue> {
  const listModels = async () => [{ name: 'tiny', family: '', bytes: 1, embedded: true }];
  const catalogue = new LiveCatalogue({ specs, listModels, listParts: () => listParts([folder]), inputFolder: join(folder, 'input') });
  await catalogue.refresh();
  return catalogue;
}

/** Names files of every kind, an embedding of this host and one of nobody, and a LoRA in a node that is muted. */
const workflow = {
  model: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny' } },
  net: { class_type: 'UNETLoader', inputs: { unet_name: 'net.safetensors', weight_dtype: 'default' } },
  words: { class_type: 'CLIPLoader', inputs: { clip_name: 'words.safetensors' } },
  lora: {
    class_type: 'LoraLoader',
    inputs: { model: ['net', 0], clip: ['words', 0], lora_name: 'people/ink.safetensors', strength_model: 1, strength_clip: 1 },
  },
  unused: { class_type: 'LoraLoaderModelOnly', inputs: { model: ['model', 0], lora_name: 'spare.safetensors', strength_model: 1 } },
  prompt: { class_type: 'CLIPTextEncode', inputs: { clip: ['lora', 1], text: 'a wood, embedding:moss, (embedding:nobodys:1.2)' } },
  edges: { class_type: 'ControlNetLoader', inputs: { control_net_name: 'edges.safetensors' } },
  picture: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  steered: {
    class_type: 'ControlNetApply',
    inputs: { conditioning: ['prompt', 0], control_net: ['edges', 0], image: ['picture', 0], strength: 1 },
  },
  latent: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  sample: {
    class_type: 'KSampler',
    inputs: {
      model: ['lora', 0],
      positive: ['steered', 0],
      negative: ['steered', 0],
      latent_image: ['latent', 0],
      seed: 1,
      steps: 1,
      cfg: 1,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
    },
  },
  vae: { class_type: 'VAELoader', inputs: { vae_name: 'soft.safetensors' } },
  decode: { class_type: 'VAEDecode', inputs: { samples: ['sample', 0], vae: ['vae', 0] } },
  save: { class_type: 'SaveImage', inputs: { images: ['decode', 0], filename_prefix: 'x' } },
};

const kept = (nodes: object) => stringifyJson({ workflow: nodes, targets: [], fresh: false, record: false });
const parts = [
  'unet:net.safetensors',
  'clip:words.safetensors',
  'loras:people/ink.safetensors',
  'vae:soft.safetensors',
  'controlnets:edges.safetensors',
  'embeddings:moss',
];

describe('a job', () => {
  it('needs every file that what it runs names, and of embeddings those that somebody has', async () => {
    const catalogue = await openCatalogue();
    const { needs = [] } = await readAgain(kept(workflow), { reader: new DocumentReader(), catalogue });
    expect([...needs].sort()).toEqual([...parts].sort());
    for (const need of needs) expect(catalogue.ownProvided).toContain(need);
  });

  it('may name files that only other hosts have', async () => {
    const catalogue = await openCatalogue();
    const reader = new DocumentReader();
    const far = structuredClone(workflow);
    far.lora.inputs.lora_name = 'far.safetensors';
    far.prompt.inputs.text = 'embedding:distant/one';
    await expect(readAgain(kept(far), { reader, catalogue })).rejects.toThrow(/far\.safetensors/);
    const others = [
      { kind: 'loras' as const, name: 'far.safetensors', bytes: 1 },
      { kind: 'embeddings' as const, name: 'distant/one.safetensors', bytes: 1 },
    ];
    await catalogue.include({ models: [], parts: others });
    const { needs = [] } = await readAgain(kept(far), { reader, catalogue });
    const distant = ['loras:far.safetensors', 'embeddings:distant/one'];
    expect(needs).toEqual(expect.arrayContaining(distant));
    for (const need of distant) expect(catalogue.ownProvided).not.toContain(need);
  });
});

describe('a manifest', () => {
  it('has the hash of every such file, which changes with it', async () => {
    const { current: catalogue } = await openCatalogue();
    const { workflow: read } = readWorkflow(workflow, catalogue);
    const manifest = async () => {
      const hashes = new ModelHashes([folder], join(folder, 'cache', 'hashes.json'));
      const runtime = { onnxruntime: '1', provider: 'CPUExecutionProvider', device: 'cpu' };
      const definitions = new Map();
      const planned = plan(read, catalogue, {});
      return new ManifestWriter({
        workflow: read,
        plan: planned,
        definitions,
        catalogue,
        program: '1',
        runtime,
        hashes: (file) => hashes.of(file),
        now: new Date(0),
      }).manifest();
    };
    const { models } = await manifest();
    expect(Object.keys(models).sort()).toEqual([...parts].sort());
    expect(models['loras:people/ink.safetensors']).toEqual({
      'people/ink.safetensors': 'cbdd63058d4a3aeae5d4ed185c1c8489726f880279830eb32fd0e3271a2e81a5',
    });
    expect(models['embeddings:moss']).toEqual({ moss: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await writeFile(join(folder, 'controlnet', 'edges.safetensors'), 'other edges');
    const later = (await manifest()).models;
    expect(later['controlnets:edges.safetensors']).not.toEqual(models['controlnets:edges.safetensors']);
    expect({ ...later, 'controlnets:edges.safetensors': undefined }).toEqual({ ...models, 'controlnets:edges.safetensors': undefined });
  });
});
