import {
  type AttentionMap,
  type DiffusionModel,
  GraphError,
  type LoraChoice,
  type NetworkInput,
  type Tensor,
} from '../../../nodes/kit/index.ts';
import type { DecodedPreviews } from './decoded-previews.ts';
import type { AttentionExport, UnetFolder } from './folder.ts';
import { fixedSide } from './folder-family.ts';
import type { Session } from './inference-backend.ts';
import { checkSides, latentSides } from './latent-sides.ts';
import type { NetworkPart } from './loras/network-part.ts';
import { unetFeeds } from './network-feeds.ts';
import { previewer } from './preview.ts';

/** Names what does not fit before the runtime says it in its own words. */
function checkInput(session: Session, { sample, tokens }: NetworkInput): void {
  for (const { name, shape } of session.inputs) {
    const given = name === 'sample' ? sample.dims : name === 'encoder_hidden_states' ? tokens.dims : undefined;
    const wrong = given && shape.findIndex((side, axis) => typeof side === 'number' && axis > 0 && side > 0 && side !== given[axis]);
    if (given === undefined || wrong === undefined || wrong < 0) continue;
    const what =
      name === 'sample'
        ? 'The latent does not fit the network. Choose the size that the model was exported for.'
        : 'The prompt was encoded by another text encoder, or is longer than the network was exported for. Use the text encoder of the same model, and a shorter prompt.';
    throw new GraphError('size-mismatch', `${what} Expected [${shape.join(', ')}], got [${given.join(', ')}].`);
  }
}

/** A U-Net that gives its cross-attention too. */
export interface AttentionPart {
  readonly part: NetworkPart;
  readonly outputs: AttentionExport['outputs'];
}

/** The U-Net's sessions, each opened when it is first run: most runs never need the second one. */
export interface NetworkParts {
  readonly unet: NetworkPart;
  readonly attention?: AttentionPart | undefined;
  readonly previews?: Pick<DecodedPreviews, 'draw'>;
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

type Run = (session: Session, input: NetworkInput) => Promise<ReadonlyMap<string, Tensor>>;

/** The same with a LoRA; what does not fit is said of the U-Net that predicts. */
async function changedAttention({ part, outputs }: AttentionPart, lora: LoraChoice): Promise<AttentionPart> {
  return { part: (await part.withLora?.(lora, () => undefined)) ?? part, outputs };
}

/** What of MODEL a LoRA changes. */
function predictor(
  unet: NetworkPart,
  attention: AttentionPart | undefined,
  run: Run,
): Pick<DiffusionModel, 'predict' | 'attention' | 'withLora'> {
  const { withLora } = unet;
  return {
    async predict(input) {
      const outputs = await run(await unet.session(), input);
      const [first] = outputs.values();
      const prediction = outputs.get('out_sample') ?? outputs.get('sample') ?? first;
      if (prediction === undefined) throw new GraphError('bad-model', 'The U-Net gives no output. Export it again.');
      return prediction;
    },
    ...(attention === undefined
      ? {}
      : { attention: async (input) => attentionMaps(await run(await attention.part.session(), input), attention.outputs) }),
    ...(withLora === undefined
      ? {}
      : {
          withLora: async (lora, warn) =>
            predictor(await withLora(lora, warn), attention && (await changedAttention(attention, lora)), run),
        }),
  };
}

/** A folder's U-Net as MODEL. */
export function diffusionModel(folder: UnetFolder, parts: NetworkParts): DiffusionModel {
  const { latent, unet } = folder;
  const fed = { config: folder.unetConfig, downscale: latent.downscale };
  const sides = latentSides(unet.outline);
  const run: Run = async (session, input) => {
    const [, , height = 0, width = 0] = input.sample.dims;
    checkSides({ height, width }, sides, latent.downscale);
    checkInput(session, input);
    return session.run(unetFeeds(session.inputs, input, fed));
  };
  const { previews } = parts;
  return {
    name: folder.name,
    latent,
    sampling: folder.sampling,
    inpaints: fixedSide(unet.outline, 'sample', 1) === 2 * latent.channels + 1,
    preview: previewer(folder.preview),
    ...(previews === undefined ? {} : { decodedPreview: (scaled) => previews.draw(latent, scaled) }),
    ...predictor(parts.unet, parts.attention, run),
  };
}
