import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LoadedNetwork } from '../../workflows/protocol.ts';
import { floats, safetensors, type Written } from '../engine/checkpoints/safetensors-file.ts';
import { ask, FakeEngine, post, startRig, temporaryFolder, visit } from './rig.ts';

const network = (device: string, model: string, part: string, kind: LoadedNetwork['kind'] = 'checkpoints'): LoadedNetwork => ({
  device,
  kind,
  model,
  part,
  loras: [],
  bytes: 1000,
});

async function put(folder: string, name: string, tensors: Readonly<Record<string, Written>>): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, safetensors(tensors));
}

const zeros = (...shape: number[]): Written => floats(shape, new Float32Array(shape.reduce((product, side) => product * side, 1)));

describe('the files that are parts of models', () => {
  it('are listed with their kind, size and what they were made for, as far as headers tell', async () => {
    const models = await temporaryFolder();
    await put(models, 'loras/people/ink.safetensors', {
      'lora_unet_down_blocks_0_attentions_0_attn2_to_k.lora_down.weight': zeros(1, 2048),
    });
    await put(models, 'loras/old.safetensors', { 'unet.mid_block.attn2.processor.to_k_lora.down.weight': zeros(1, 768) });
    await put(models, 'embeddings/moss.safetensors', { emb_params: zeros(2, 1024) });
    await put(models, 'vae/broken.safetensors', { nothing: zeros(1) });
    await using rig = await startRig({ models });
    const { parts }: { parts: object[] } = JSON.parse((await ask(rig, '/v1/models')).text);
    expect(parts).toEqual([
      { kind: 'loras', name: 'old.safetensors', bytes: expect.any(Number), family: 'Stable Diffusion 1' },
      { kind: 'loras', name: 'people/ink.safetensors', bytes: expect.any(Number), family: 'Stable Diffusion XL' },
      { kind: 'vae', name: 'broken.safetensors', bytes: expect.any(Number) },
      { kind: 'embeddings', name: 'moss.safetensors', bytes: expect.any(Number), family: 'Stable Diffusion 2' },
    ]);
  });
});

describe('what is in memory', () => {
  it('is told of all devices, and unloaded as it is wanted, on all of them', async () => {
    const engines = [new FakeEngine(), new FakeEngine()];
    const [first, second] = engines;
    await using rig = await startRig({ startEngines: () => engines });
    const loaded = async (path = '/v1/models/loaded', body?: object): Promise<string[]> => {
      const answer = body === undefined ? await ask(rig, path) : await post(rig, path, body);
      expect(answer.status).toBe(200);
      const all: { loaded: LoadedNetwork[] } = JSON.parse(answer.text);
      return all.loaded.map(({ device, model, part }) => `${device} ${model} ${part}`);
    };
    const visitor = await visit(rig);
    expect(await visitor.message('loaded')).toEqual({ type: 'loaded', networks: [] });
    first?.load([
      network('cuda:0', 'big', 'unet'),
      network('cuda:0', 'small', 'unet'),
      network('cuda:0', 'edges', 'controlnet', 'controlnets'),
    ]);
    second?.load([network('cuda:1', 'big', 'unet')]);
    expect(await loaded()).toEqual(['cuda:0 big unet', 'cuda:0 small unet', 'cuda:0 edges controlnet', 'cuda:1 big unet']);
    await expect.poll(() => visitor.messages.filter(({ type }) => type === 'loaded').length).toBe(3);
    expect(await loaded('/v1/models/unload', { kind: 'checkpoints', model: 'big' })).toEqual([
      'cuda:0 small unet',
      'cuda:0 edges controlnet',
    ]);
    expect(await loaded('/v1/models/unload', { kind: 'controlnets' })).toEqual(['cuda:0 small unet']);
    expect((await ask(rig, '/v1/models/unload', { method: 'POST' })).json()).toEqual({ loaded: [] });
    expect((await post(rig, '/v1/models/unload', { kind: 'pictures' })).status).toBe(400);
  });
});
