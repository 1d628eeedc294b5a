import { stat } from 'node:fs/promises';
import { type Autoencoder, type Image, type LatentFormat, type Picture, scale, sliceBatch, type Tensor } from '../../../nodes/kit/index.ts';
import type { TinyVaePlace } from './checkpoints/taesd-file.ts';
import { locateTinyVae, type OpenTinyVae, type TinyVaeName, tinyVaeFor } from './taesd.ts';

/** A longer side in cells is made smaller first: the preview is 512 pixels long at most, and costs a few hundredths of a step. */
const longestSide = 64;

/** Means of squares of cells, `[1, c, h, w]` → `[1, c, h/factor, w/factor]`; what is left over at the edges is cut off. */
function shrunk({ dims: [, channels = 0, height = 0, width = 0], data }: Tensor, factor: number): Tensor {
  const [h, w] = [Math.floor(height / factor), Math.floor(width / factor)];
  const result = new Float32Array(channels * h * w);
  for (let at = 0; at < result.length; at++) {
    const [c, y, x] = [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w];
    let sum = 0;
    for (let inner = 0; inner < factor ** 2; inner++)
      sum += data[(c * height + y * factor + Math.floor(inner / factor)) * width + x * factor + (inner % factor)] ?? 0;
    result[at] = sum / factor ** 2;
  }
  return { dims: [1, channels, h, w], data: result };
}

/** The first item of latents, small enough to be looked at in passing. */
function smallLatent(latents: Tensor): Tensor {
  const first = sliceBatch(latents, 0, 1);
  const factor = Math.ceil(Math.max(...first.dims.slice(2)) / longestSide);
  return factor <= 1 ? first : shrunk(first, factor);
}

function toPicture({ dims: [, height = 0, width = 0], data }: Image): Picture {
  return { width, height, rgb: Uint8Array.from(data.subarray(0, 3 * height * width), (value) => 255 * value + 0.5) };
}

const stampOf = (path: string): Promise<string> =>
  stat(path).then(
    ({ size, mtimeMs }) => `${size}:${mtimeMs}`,
    () => '',
  );

/** What previews are decoded with. */
export interface DecodedPreviewsParts {
  readonly roots: readonly string[];
  readonly open: OpenTinyVae;
  readonly say: (sentence: string) => void;
}

/** Previews by TAESD, where its decoder lies in a folder of models. */
export class DecodedPreviews {
  readonly #parts: DecodedPreviewsParts;
  readonly #found = new Map<TinyVaeName, TinyVaePlace>();
  /** Files that could not be used, with their sizes and times then: one that was replaced is tried again. */
  readonly #bad = new Map<string, string>();

  constructor(parts: DecodedPreviewsParts) {
    this.#parts = parts;
  }

  /** Looks whether there is a decoder for such latents. */
  async look(latent: LatentFormat): Promise<void> {
    const name = tinyVaeFor(latent);
    const place = name === undefined ? undefined : await locateTinyVae(name, this.#parts.roots);
    if (name === undefined) return;
    if (place === undefined || this.#bad.get(place.decoder) === (await stampOf(place.decoder))) this.#found.delete(name);
    else this.#found.set(name, place);
  }

  /** Draws the first item of scaled latents; undefined at once where no decoder is known, later where it fails. The folders are looked through again for the next time. */
  draw(latent: LatentFormat, scaled: Tensor): Promise<Picture | undefined> | undefined {
    const name = tinyVaeFor(latent);
    if (name === undefined) return undefined;
    const place = this.#found.get(name);
    void this.look(latent);
    return place && this.#decode({ name, place }, scale(smallLatent(scaled), 1 / latent.scale));
  }

  async #decode({ name, place }: { name: TinyVaeName; place: TinyVaePlace }, latents: Tensor): Promise<Picture | undefined> {
    try {
      const vae: Autoencoder = await this.#parts.open(name, place);
      return toPicture(await vae.decode(latents));
    } catch (thrown) {
      const stamp = await stampOf(place.decoder);
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (this.#bad.get(place.decoder) !== stamp) this.#parts.say(`Previews are drawn without ${place.decoder}: ${why}`);
      this.#bad.set(place.decoder, stamp);
      this.#found.delete(name);
      return undefined;
    }
  }
}
