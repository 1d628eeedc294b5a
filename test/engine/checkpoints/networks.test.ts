import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tensor, zeros } from '../../../nodes/kit/index.ts';
import { checkpointGraphs, type PartName } from '../../../server/engine/models/checkpoints/graphs.ts';
import { readSingleFile } from '../../../server/engine/models/checkpoints/single-file.ts';
import { encodeModel } from '../../../server/engine/models/graph/onnx-model.ts';
import { openRuntime, type Runtime } from '../../../server/engine/models/onnx.ts';
import { kindOf, ramp, type SomeValues, singleFile, writeSingleFile } from './tiny-checkpoints.ts';

let folder = '';
let runtime: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'networks-'));
  runtime = await openRuntime('cpu');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The largest difference from PyTorch's values, as a share of the largest of them. */
function difference(result: Tensor | undefined, { shape, step, values }: SomeValues): number {
  expect(result?.dims).toEqual(shape);
  const largest = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - (result?.data[i * step] ?? Number.NaN)))) / largest;
}

/** Runs one network of a checkpoint. */
async function runPart(file: string, part: PartName, feeds: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>> {
  const graph = checkpointGraphs(await readSingleFile(file)).get(part);
  if (graph === undefined) throw new Error(`no ${part}`);
  expect(graph.faults).toEqual({ missing: [], wrong: [] });
  const path = join(folder, `${part}.onnx`);
  await writeFile(
    path,
    encodeModel(graph.graph, () => 'weights.safetensors'),
  );
  const session = await runtime.open(path);
  const uncontrolled = session.inputs.filter(({ name }) => name.endsWith('additional_residual') || /additional_residual_\d+$/.test(name));
  const none = Object.fromEntries(uncontrolled.map(({ name }) => [name, zeros([1, 1, 1, 1])]));
  const results = await session.run({ ...none, ...feeds });
  await session.release();
  return results;
}

/** “a photo of a cat” and nothing, as the reference has them. */
const prompts: Tensor = {
  dims: [2, 77],
  data: Float32Array.from({ length: 154 }, (_, i) => [49406, 320, 1125, 539, 320, 2368][i] ?? (i === 77 ? 49406 : 49407)),
};

/** No word is replaced. */
const textFeeds = (width: number): Record<string, Tensor> => ({
  input_ids: prompts,
  embedding_mask: { dims: [2, 77, 1], data: new Float32Array(154) },
  embedding_rows: { dims: [2, 77, width], data: new Float32Array(154 * width) },
});

describe.each(['sd15', 'sd21v', 'sdxl', 'inpaint'])('the networks of a tiny %s in a single file', (name) => {
  let file = '';
  beforeAll(async () => {
    file = join(folder, 'weights.safetensors');
    await rm(file, { force: true });
    await writeSingleFile(file, singleFile(name));
  });
  const { results } = kindOf(name);

  it('U-Net, at sides that are no multiples of anything, as in PyTorch', async () => {
    const { unet } = await readSingleFile(file);
    const channels = unet?.architecture.inChannels ?? 0;
    const feeds = {
      sample: ramp('sample', [2, channels, 9, 7]),
      timestep: { dims: [1], data: Float32Array.of(421) },
      encoder_hidden_states: ramp('context', [2, 77, unet?.architecture.context ?? 0]),
      ...(name === 'sdxl' ? { text_embeds: ramp('pooled', [2, 64]), time_ids: ramp('sizes', [2, 6], { factor: 100, shift: 300 }) } : {}),
    };
    const outputs = await runPart(file, 'unet', feeds);
    expect(difference(outputs.get('out_sample'), results.unet)).toBeLessThan(1e-4);
  });

  it('text encoders, with all hidden states and the pooled prompt', async () => {
    for (const [i, expected] of results.encoders.entries()) {
      const outputs = await runPart(file, i === 0 ? 'text_encoder' : 'text_encoder_2', textFeeds(expected.last.shape[2] ?? 0));
      expect(difference(outputs.get('last_hidden_state'), expected.penultimate ?? expected.last)).toBeLessThan(1e-4);
      for (const [layer, hidden] of expected.hidden.entries())
        expect(difference(outputs.get(`hidden_states.${layer}`), hidden)).toBeLessThan(1e-4);
      if (expected.pooled !== undefined) expect(difference(outputs.get('text_embeds'), expected.pooled)).toBeLessThan(1e-4);
    }
  });

  it('VAE, both ways', async () => {
    const decoded = await runPart(file, 'vae_decoder', { latent_sample: ramp('latent', [1, 4, 6, 5]) });
    expect(difference(decoded.get('sample'), results.vae_decoder)).toBeLessThan(1e-4);
    const encoded = await runPart(file, 'vae_encoder', { sample: ramp('picture', [1, 3, 48, 40]) });
    expect(difference(encoded.get('latent_parameters'), results.vae_encoder)).toBeLessThan(1e-4);
  });
});
