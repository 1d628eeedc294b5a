import { attentionPictures } from '../diffusion/attention-pictures.ts';
import { encodedPrompt } from '../diffusion/encoded-prompt.ts';
import { conditioned } from '../diffusion/guidance.ts';
import { previewPictures } from '../diffusion/latent-pictures.ts';
import { eachItem } from '../diffusion/noisy-latents.ts';
import { networkInput } from '../diffusion/parameterisation.ts';
import { equalSizes } from '../diffusion/picture-cells.ts';
import { pictureTable } from '../diffusion/picture-table.ts';
import { predictAt } from '../diffusion/predictions.ts';
import {
  clip,
  concatBatch,
  type DiffusionModel,
  defineNode,
  GraphError,
  type Image,
  image,
  int,
  latent,
  model,
  type NodeEvent,
  text,
} from '../kit/index.ts';

/** The attention function of a model, or the reason why there is none. */
function attentionOf(network: DiffusionModel): NonNullable<DiffusionModel['attention']> {
  if (network.attention !== undefined) return network.attention;
  throw new GraphError(
    'bad-model',
    `The model “${network.name}” was exported without its cross-attention: there is no unet/attention.onnx with “attention_outputs” in unet/config.json. Use its .safetensors, the embedded model, or export it with attention.`,
    { place: { port: 'model' } },
  );
}

/** Where the network looks for each word. */
export default defineNode({
  type: 'AttentionMaps',
  title: 'Attention maps',
  category: 'sample',
  effect: 'show',
  help: 'Shows where in the picture each word of the prompt acts: bright cells look at that word most (cross-attention, mean over layers and heads). A row for each noisy latent, the clean guess first, then a map for each word.',
  inputs: {
    model: model({ label: 'model', help: 'Any checkpoint as .safetensors, or a model that was exported with its attention.' }),
    clip: clip({ label: 'clip', help: 'The text encoder of that model.' }),
    x_t: latent({ label: 'x_t', help: 'Noisy latents, such as the kept steps of a sampler loop.' }),
    prompt: text({ label: 'prompt', multiline: true, help: 'The words to look for.' }),
    enlarge: int({ label: 'enlarge', unit: '×', default: 8, min: 1, max: 64, help: 'Pixels along each side of a latent cell.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The table as one picture.' }) },
  async *run(
    { model: network, clip: encoder, x_t, prompt, enlarge },
    { signal, images },
  ): AsyncGenerator<NodeEvent, { IMAGE: Image }, void> {
    const attention = attentionOf(network);
    const tokens = await encoder.tokens(prompt);
    if (tokens.length === 0)
      throw new GraphError('bad-value', 'There are no words in the prompt. Write some.', { place: { port: 'prompt' } });
    const [encoded] = yield* encodedPrompt(encoder, prompt);
    if (encoded === undefined) throw new GraphError('bad-model', 'The text encoder gave nothing for this prompt.');
    const { tokens: words, pooled } = encoded;
    const features = { tokens: words, ...(pooled === undefined ? {} : { pooled }) };
    const guider = { model: network, denoise: conditioned(network, [features]) };
    const items = eachItem(x_t);
    const rows: Image[] = [];
    for (const { item, sigma } of items) {
      signal.throwIfAborted();
      const { x, denoised } = await predictAt(guider, item, requireNoisy(sigma));
      const maps = await attention({
        sample: networkInput(x, sigma, network.sampling),
        timestep: network.sampling.timestep(sigma),
        ...features,
      });
      const [, , height = 0, width = 0] = x.dims;
      const heat = attentionPictures(maps, tokens, { size: { height, width }, factor: enlarge });
      rows.push(concatBatch(await equalSizes([previewPictures(denoised, network), heat], images)));
      yield { kind: 'step', index: rows.length, total: items.length, sigma };
    }
    const table = pictureTable(concatBatch(rows), { columns: tokens.length + 1, rows: rows.length });
    const labels = {
      columns: ['x̂₀', ...tokens.map(({ text: word }) => word)],
      rows: items.map(({ sigma }) => `t = ${network.sampling.timestep(sigma)}`),
    };
    yield { kind: 'show', content: { kind: 'images', files: await images.show(table), labels } };
    return { IMAGE: table };
  },
  identity: async ({ prompt }, { models }) => models.embeddings([prompt]),
});

function requireNoisy(sigma: number): number {
  if (sigma > 0) return sigma;
  throw new GraphError('noise-mismatch', 'This latent is clean. Wire noisy ones, such as x_t of “Sampler loop, steps kept”.', {
    place: { port: 'x_t' },
  });
}
