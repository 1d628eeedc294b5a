import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeShare, encodeShare, readGraph, readWorkflow, stringifyJson, summarise } from '../../workflows/index.ts';
import { catalogue, knownFiles } from './catalogue.ts';
import { comfyApi, comfyDefault } from './sample-graphs.ts';

const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

describe('links', () => {
  const { graph } = readGraph({ ...comfyDefault, extra: { name: 'größer 名前' } }, catalogue);

  it('carry the whole graph in characters that are safe in a link', async () => {
    const text = await encodeShare(graph);
    expect(text).toMatch(/^[\w-]+$/);
    expect(text.length).toBeLessThan(stringifyJson(graph).length / 2);
    for (const form of [text, `w=${text}`, `#w=${text}`, ` ${text}\n`])
      expect(await decodeShare(form, catalogue)).toEqual({ graph, warnings: [] });
  });

  it('leave out where the sender was looking', async () => {
    const text = await encodeShare({ ...graph, extra: { ...graph.extra, ds: { scale: 2, offset: [1, 2] } } });
    expect((await decodeShare(text, catalogue)).graph.extra).toEqual(graph.extra);
  });

  it.each([
    ['', 'empty'],
    ['%%%', 'no base64'],
    ['AAAA', 'no deflate data'],
  ])('refuse %j: %s', async (text) => {
    await expect(decodeShare(text, catalogue)).rejects.toMatchObject({ code: 'bad-document' });
  });

  it('refuse damage, what is no workflow, and what inflates without end', async () => {
    const text = await encodeShare(graph);
    await expect(decodeShare(text.slice(0, -20), catalogue)).rejects.toMatchObject({ code: 'bad-document' });
    await expect(decodeShare(url(deflateRawSync('[1, 2]')), catalogue)).rejects.toMatchObject({ code: 'bad-document' });
    await expect(decodeShare(url(deflateRawSync(Buffer.alloc(64 * 1024 * 1024))), catalogue)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('in its link'),
    });
    await expect(decodeShare('A'.repeat(9 * 1024 * 1024), catalogue)).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('summarise', () => {
  it('says what is missing, what is read and written, and how much work it is', () => {
    const { workflow } = readWorkflow(
      {
        ...comfyApi,
        20: { class_type: 'LoadImage', inputs: { image: 'photo.png' } },
        21: { class_type: 'LoadImage', inputs: { image: 'example.png' } },
        22: { class_type: 'FaceDetailer', inputs: {} },
        23: { class_type: 'FaceDetailer', inputs: {} },
        24: { class_type: 'KSamplerr', inputs: {} },
        25: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sdxl.safetensors' } },
        26: { class_type: 'LoadImage', inputs: { image: 'muted.png' }, _meta: { mode: 'mute' } },
      },
      catalogue,
    );
    expect(summarise(workflow, catalogue, knownFiles)).toEqual({
      nodes: 13,
      missingTypes: [
        { type: 'FaceDetailer', count: 2, nearest: [] },
        { type: 'KSamplerr', count: 1, nearest: ['KSampler'] },
      ],
      models: [
        { name: 'tiny-emoji', present: true },
        { name: 'sdxl.safetensors', present: false },
      ],
      reads: [
        { name: 'photo.png', present: false },
        { name: 'example.png', present: true },
      ],
      writes: ['ComfyUI'],
      work: { steps: 25, pixels: 25 * 512 * 768 },
    });
  });

  it('finds steps and size through the nodes in between', () => {
    const { workflow } = readWorkflow(
      {
        1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny-emoji' } },
        2: { class_type: 'BasicScheduler', inputs: { model: ['1', 0], steps: 12 } },
        3: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 32, batch_size: 2 } },
        4: { class_type: 'SamplerCustomAdvanced', inputs: { sigmas: ['2', 0], latent_image: ['3', 0], guider: ['5', 0] } },
        5: { class_type: 'CFGGuider', inputs: { model: ['1', 0] } },
        6: { class_type: 'VAEDecode', inputs: { samples: ['4', 0], vae: ['1', 2] } },
        7: { class_type: 'PreviewImage', inputs: { images: ['6', 0] } },
        8: { class_type: 'KSampler', inputs: { steps: 99 } },
      },
      catalogue,
    );
    expect(summarise(workflow, catalogue, knownFiles).work).toEqual({ steps: 12, pixels: 12 * 64 * 32 * 2 });
  });
});
