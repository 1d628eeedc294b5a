import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { type AttentionMap, type DiffusionModel, GraphError, type NetworkInput, type Tensor, tensor } from '../../../nodes/kit/index.ts';
import type { AttentionExport, ModelFolder } from './folder.ts';
import type { Session } from './onnx.ts';
import { previewer } from './preview.ts';

/** The feed for one declared input of a U-Net. */
function feedFor(name: string, { sample, timestep, tokens, pooled }: NetworkInput, rank: number): Tensor {
  switch (name) {
    case 'sample':
      return sample;
    case 'timestep':
    case 't':
      return tensor(rank === 0 ? [] : [1], Float32Array.of(timestep));
    case 'encoder_hidden_states':
      return tokens;
    case 'text_embeds':
      if (pooled !== undefined) return pooled;
  }
  throw new GraphError(
    'bad-model',
    `The U-Net wants an input “${name}”, which this version cannot give: it drives networks with sample, timestep and encoder_hidden_states.`,
  );
}

/** Names what does not fit before the runtime says it in its own words. */
function checkInput(session: Session, { sample, tokens }: NetworkInput): void {
  for (const { name, shape } of session.inputs) {
    const given = name === 'sample' ? sample.dims : name === 'encoder_hidden_states' ? tokens.dims : undefined;
    const wrong = given && shape.findIndex((side, axis) => typeof side === 'number' && axis > 0 && side > 0 && side !== given[axis]);
    if (given === undefined || wrong === undefined || wrong < 0) continue;
    const what =
      name === 'sample'
        ? 'The latent does not fit the network. Choose the size that the model was exported for.'
        : 'The prompt was encoded by another text encoder. Use the one of the same model.';
    throw new GraphError('size-mismatch', `${what} Expected [${shape.join(', ')}], got [${given.join(', ')}].`);
  }
}

async function runNetwork(session: Session, input: NetworkInput): Promise<ReadonlyMap<string, Tensor>> {
  checkInput(session, input);
  return session.run(Object.fromEntries(session.inputs.map(({ name, shape }) => [name, feedFor(name, input, shape.length)])));
}

/** The U-Net's sessions, each opened when it is first run: most runs never need the second one. */
export interface NetworkParts {
  readonly unet: () => Promise<Session>;
  readonly attention?: () => Promise<Session>;
}

/** The attention outputs of a run by name. Throws `bad-model` if one that is listed is missing. */
function attentionMaps(outputs: ReadonlyMap<string, Tensor>, listed: AttentionExport['outputs']): readonly AttentionMap[] {
  return listed.map(({ name, downsample }) => {
    const weights = outputs.get(name);
    if (weights?.dims.length === 4) return { name, downsample, weights };
    throw new GraphError(
      'bad-model',
      `unet/config.json lists the attention output “${name}”, but unet/attention.onnx has none of shape [batch, heads, cells, tokens]. Export the model again.`,
    );
  });
}

/** A folder's U-Net as MODEL. */
export function diffusionModel(folder: ModelFolder, parts: NetworkParts): DiffusionModel {
  const { attention: exported } = folder;
  const open = parts.attention;
  return {
    ...(exported === undefined || open === undefined
      ? {}
      : { attention: async (input) => attentionMaps(await runNetwork(await open(), input), exported.outputs) }),
    name: folder.name,
    latent: folder.latent,
    sampling: modelSampling(folder.schedule, folder.prediction),
    preview: previewer(folder.preview),
    async predict(input) {
      const outputs = await runNetwork(await parts.unet(), input);
      const [first] = outputs.values();
      const prediction = outputs.get('out_sample') ?? outputs.get('sample') ?? first;
      if (prediction === undefined) throw new GraphError('bad-model', 'The U-Net gives no output. Export it again.');
      return prediction;
    },
  };
}
