import {
  type Autoencoder,
  concatBatch,
  GraphError,
  type Image,
  type LatentFormat,
  sliceBatch,
  type Tensor,
} from '../../../nodes/kit/index.ts';
import type { Session } from './onnx.ts';

/** The two networks of a VAE, opened on first use. */
export interface AutoencoderParts {
  readonly encoder: () => Promise<Session>;
  readonly decoder: () => Promise<Session>;
}

/** `[1, h, w, c]` 0…1 → `[1, 3, h', w']` −1…1, sides cut around the middle to multiples of `multiple`. */
function toPlanes(image: Image, multiple: number): Tensor {
  const [, height = 0, width = 0, channels = 0] = image.dims;
  const h = height - (height % multiple);
  const w = width - (width % multiple);
  if (h === 0 || w === 0) {
    throw new GraphError(
      'size-mismatch',
      `The picture is ${width}×${height}, too small for this VAE: each side needs at least ${multiple} pixels.`,
    );
  }
  const top = Math.floor((height - h) / 2);
  const left = Math.floor((width - w) / 2);
  const data = new Float32Array(3 * h * w);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const from = ((y + top) * width + x + left) * channels + Math.min(c, channels - 1);
        data[(c * h + y) * w + x] = 2 * (image.data[from] ?? 0) - 1;
      }
    }
  }
  return { dims: [1, 3, h, w], data };
}

/** NaN stays NaN, so that it is found and named later. */
const clamp01 = (value: number): number => Math.min(Math.max(value, 0), 1);

/** `[1, 3, h, w]` −1…1 → `[1, h, w, 3]` 0…1, clamped. */
function toPixels({ dims: [, , height = 0, width = 0], data }: Tensor): Image {
  const pixels = new Float32Array(height * width * 3);
  const plane = height * width;
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < plane; i++) {
      pixels[3 * i + c] = clamp01(((data[c * plane + i] ?? 0) + 1) / 2);
    }
  }
  return { dims: [1, height, width, 3], data: pixels };
}

/** Runs a network with one input and gives its first output. */
async function runSingle(session: Session, feed: Tensor): Promise<Tensor> {
  const name = session.inputs[0]?.name;
  if (name === undefined || session.inputs.length !== 1) {
    throw new GraphError('bad-model', `A VAE network has one input, this one has ${session.inputs.length}. Export it again.`);
  }
  const [output] = (await session.run({ [name]: feed })).values();
  if (output === undefined) throw new GraphError('bad-model', 'The VAE gives no output. Export it again.');
  return output;
}

/** The mean of the encoder's distribution: the first half of `latent_parameters`, or the latents themselves. */
function meanOf({ dims: [, found = 0, height = 0, width = 0], data }: Tensor, channels: number): Tensor {
  if (found !== channels && found !== 2 * channels) {
    throw new GraphError('bad-model', `The VAE encoder gives ${found} channels, expected ${channels} or ${2 * channels}.`);
  }
  return { dims: [1, channels, height, width], data: data.slice(0, channels * height * width) };
}

async function each(batch: Tensor, work: (item: Tensor) => Promise<Tensor>): Promise<Tensor> {
  const results: Tensor[] = [];
  for (let i = 0; i < (batch.dims[0] ?? 0); i++) results.push(await work(sliceBatch(batch, i, 1)));
  return concatBatch(results);
}

/** A folder's VAE. Pictures of a batch go through one at a time, so that memory does not grow with the batch. */
export function autoencoder(latent: LatentFormat, parts: AutoencoderParts): Autoencoder {
  return {
    latent,
    async encode(image) {
      const session = await parts.encoder();
      return each(image, async (item) => meanOf(await runSingle(session, toPlanes(item, latent.downscale)), latent.channels));
    },
    async decode(samples) {
      const session = await parts.decoder();
      return each(samples, async (item) => toPixels(await runSingle(session, item)));
    },
  };
}
