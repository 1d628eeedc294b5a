import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { type DiffusionModel, GraphError, type NetworkInput, type Tensor, tensor } from '../../../nodes/kit/index.ts';
import type { ModelFolder } from './folder.ts';
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

/** A folder's U-Net as MODEL. The session is opened on the first prediction. */
export function diffusionModel(folder: ModelFolder, open: () => Promise<Session>): DiffusionModel {
  return {
    name: folder.name,
    latent: folder.latent,
    sampling: modelSampling(folder.schedule, folder.prediction),
    preview: previewer(folder.preview),
    async predict(input) {
      const session = await open();
      checkInput(session, input);
      const feeds = Object.fromEntries(session.inputs.map(({ name, shape }) => [name, feedFor(name, input, shape.length)]));
      const outputs = await session.run(feeds);
      const [first] = outputs.values();
      const prediction = outputs.get('out_sample') ?? outputs.get('sample') ?? first;
      if (prediction === undefined) throw new GraphError('bad-model', 'The U-Net gives no output. Export it again.');
      return prediction;
    },
  };
}
