import { GraphError, type NetworkInput, type Tensor, tensor, zeros } from '../../../nodes/kit/index.ts';
import type { UnetConfig } from './folder-configs.ts';
import type { SlotInfo } from './inference-backend.ts';

/** What is known of the network that is fed. */
export interface FedNetwork {
  readonly config: UnetConfig;
  /** Pixels per latent cell. */
  readonly downscale: number;
}

const aestheticScore = 6;

/** What SDXL is told of each picture `[b, 6]`; its refiner gets a score for the last two numbers `[b, 5]`. */
function timeIds({ sample, sizes }: NetworkInput, { shape }: SlotInfo, { downscale }: FedNetwork): Tensor {
  const [batch = 0, , rows = 0, columns = 0] = sample.dims;
  const [height, width] = [rows * downscale, columns * downscale];
  const usual = { width, height, cropLeft: 0, cropTop: 0, targetWidth: width, targetHeight: height, aesthetic: aestheticScore };
  const scored = shape[1] === 5;
  const told = Array.from({ length: batch }, (_, item) => sizes?.[item] ?? usual);
  const numbers = told.flatMap((one) => [
    ...[one.height, one.width, one.cropTop, one.cropLeft],
    ...(scored ? [one.aesthetic] : [one.targetHeight, one.targetWidth]),
  ]);
  return tensor([batch, scored ? 5 : 6], Float32Array.from(numbers));
}

/** The guidance that a latent consistency model imitates in one run, unless it is told another; it is told one less. */
const distilledGuidance = 8.5;

/** Sines and cosines of the imitated guidance `[b, width]` (Luo et al. 2023), as its training had them. */
function guidanceEmbedding({ sample, guidance = distilledGuidance }: NetworkInput, width: number): Tensor {
  const [batch = 1] = sample.dims;
  const half = width / 2;
  const told = (guidance - 1) * 1000;
  const row = Float32Array.from({ length: width }, (_, i) => {
    const angle = told * Math.exp((-Math.log(10_000) * (i % half)) / (half - 1));
    return i < half ? Math.sin(angle) : Math.cos(angle);
  });
  return tensor(
    [batch, width],
    Float32Array.from({ length: batch * width }, (_, i) => row[i % width] ?? 0),
  );
}

/** How many times the latent was halved where each of ControlNet's additions enters, in the order of the inputs; the middle one comes last. */
function halvings(count: number, { layers_per_block: layers }: UnetConfig): readonly number[] {
  const result = [0];
  for (let level = 0; result.length < count; level++) {
    const own = typeof layers === 'number' ? layers : (layers[level] ?? 1);
    result.push(...Array.from({ length: own }, () => level), level + 1);
  }
  return result.slice(0, count);
}

/** What a ControlNet adds at one place; without one nothing, which for a network of any sides is a single 0. */
function controlFeed(slot: SlotInfo, input: NetworkInput, { times, added }: { times: number; added: Tensor | undefined }): Tensor {
  const channels = slot.shape[1];
  if (typeof channels !== 'number') return added ?? zeros([1, 1, 1, 1]);
  const [batch = 1, , height = 0, width = 0] = input.sample.dims;
  const side = (cells: number): number => Math.ceil(cells / 2 ** times);
  const expected = [batch, channels, side(height), side(width)];
  if (added === undefined) return zeros(expected);
  if (added.dims.join() === expected.join()) return added;
  throw new GraphError(
    'size-mismatch',
    `The ControlNet does not fit this model: at “${slot.name}” it gives [${added.dims.join(', ')}] where [${expected.join(', ')}] belongs. Choose a ControlNet of the model's family.`,
  );
}

const unknownInput = (name: string): GraphError =>
  new GraphError(
    'bad-model',
    `The U-Net wants an input “${name}”, which this version cannot give: it drives networks of Stable Diffusion 1, 2 and XL, with sample, timestep, encoder_hidden_states, text_embeds, time_ids, timestep_cond and ControlNet's additions.`,
  );

const isMiddle = ({ name }: SlotInfo): boolean => /^mid_block/.test(name);
const isControl = (slot: SlotInfo): boolean => isMiddle(slot) || /^down_block|^controlnet_/.test(slot.name);

/** Features for one input that needs no counting of others. */
function plainFeed(slot: SlotInfo, input: NetworkInput, network: FedNetwork): Tensor {
  const { sample, timestep, tokens, pooled } = input;
  const [first, width] = slot.shape;
  switch (slot.name) {
    case 'sample':
      return sample;
    case 'timestep':
    case 't':
      return slot.shape.length === 0
        ? tensor([], Float32Array.of(timestep))
        : tensor(
            [typeof first === 'number' && first > 0 ? first : 1],
            new Float32Array(typeof first === 'number' ? first : 1).fill(timestep),
          );
    case 'encoder_hidden_states':
      return tokens;
    case 'text_embeds':
      if (pooled !== undefined) return pooled;
      throw new GraphError(
        'missing-input',
        'The prompt has no pooled vector, which Stable Diffusion XL wants. Encode it with the same model.',
      );
    case 'time_ids':
      return timeIds(input, slot, network);
    case 'timestep_cond':
      return guidanceEmbedding(input, typeof width === 'number' ? width : 256);
  }
  throw unknownInput(slot.name);
}

/** A ControlNet can only steer a network that has a place for each thing that it adds. */
function checkControl(control: NetworkInput['control'], slots: readonly SlotInfo[], places: number): void {
  if (control === undefined) return;
  if (!slots.some(isMiddle) || places === 0)
    throw new GraphError(
      'bad-model',
      'This model was exported without inputs for ControlNet. Use the model as .safetensors, or export its U-Net with “down_block_additional_residuals”.',
    );
  if (control.down.length !== places)
    throw new GraphError(
      'size-mismatch',
      `The ControlNet does not fit this model: it adds to ${control.down.length} places, and the model has ${places}. Choose a ControlNet of the model's family.`,
    );
}

/** A tensor for every input that a U-Net declares. Throws `bad-model` where it wants something unknown. */
export function unetFeeds(slots: readonly SlotInfo[], input: NetworkInput, network: FedNetwork): Readonly<Record<string, Tensor>> {
  const down = slots.filter((slot) => isControl(slot) && !isMiddle(slot));
  const times = halvings(down.length, network.config);
  const { control } = input;
  checkControl(control, slots, down.length);
  const feed = (slot: SlotInfo): Tensor => {
    if (isMiddle(slot)) return controlFeed(slot, input, { times: times.at(-1) ?? 0, added: control?.middle });
    const place = down.indexOf(slot);
    return isControl(slot)
      ? controlFeed(slot, input, { times: times[place] ?? 0, added: control?.down[place] })
      : plainFeed(slot, input, network);
  };
  return Object.fromEntries(slots.map((slot) => [slot.name, feed(slot)]));
}
