import { z } from 'zod';
import type { Picture, Tensor } from '../../../nodes/kit/index.ts';

/**
 * A linear map from scaled latents to a small picture: a kernel×kernel convolution with zero padding that gives upscale²·3 values a
 * cell, `[sub-row][sub-column][rgb]`, each 0…1. Weights are `[out][channel][ky][kx]`.
 */
export interface PreviewMap {
  readonly kernel: number;
  readonly upscale: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A grey-to-colour map for models without a fitted one: the first channels of Stable Diffusion's latents are mostly brightness and two colour axes. */
function plainMap(channels: number): PreviewMap {
  const weights = new Float32Array(3 * channels);
  const rows = [
    [0.14, 0.13, -0.04, -0.11],
    [0.13, 0.12, 0.05, -0.15],
    [0.13, 0.08, 0.09, -0.2],
  ];
  rows.forEach((row, rgb) => {
    row.slice(0, channels).forEach((value, channel) => {
      weights[rgb * channels + channel] = value;
    });
  });
  return { kernel: 1, upscale: 1, weights, bias: new Float32Array(3).fill(0.5) };
}

/** Reads preview.json for latents of `channels`; an absent file (`{}`) gives a plain map. */
export function previewMap(channels: number): z.ZodType<PreviewMap> {
  const fitted = z
    .object({
      kernel: z.union([z.literal(1), z.literal(3), z.literal(5)]),
      upscale: z.int().min(1).max(8),
      weights: z.array(z.number()).transform((values) => Float32Array.from(values)),
      bias: z.array(z.number()).transform((values) => Float32Array.from(values)),
    })
    .refine(({ kernel, upscale, weights }) => weights.length === 3 * upscale ** 2 * channels * kernel ** 2, {
      error: `weights must hold 3·upscale²·${channels}·kernel² figures`,
    })
    .refine(({ upscale, bias }) => bias.length === 3 * upscale ** 2, { error: 'bias must hold 3·upscale² figures' });
  return z.union([fitted, z.strictObject({}).transform(() => plainMap(channels))]);
}

/** The kernel×kernel neighbourhood of a cell in all channels, zeros outside. */
function gather(scaled: Tensor, { y, x, kernel }: { y: number; x: number; kernel: number }, into: Float32Array): void {
  const [, channels = 0, height = 0, width = 0] = scaled.dims;
  const reach = (kernel - 1) / 2;
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++, at++) {
        const inside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width;
        into[at] = inside ? (scaled.data[(c * height + y + dy) * width + x + dx] ?? 0) : 0;
      }
    }
  }
}

/** The first item of scaled latents `[b, c, h, w]` as a picture of h·upscale × w·upscale pixels. */
export function drawPreview(map: PreviewMap, scaled: Tensor): Picture {
  const [, channels = 0, height = 0, width = 0] = scaled.dims;
  const { kernel, upscale, weights, bias } = map;
  const picture = { width: width * upscale, height: height * upscale, rgb: new Uint8Array(3 * width * height * upscale ** 2) };
  const cell = new Float32Array(channels * kernel ** 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      gather(scaled, { y, x, kernel }, cell);
      for (let out = 0; out < bias.length; out++) {
        let sum = bias[out] ?? 0;
        const row = out * cell.length;
        for (let i = 0; i < cell.length; i++) sum += (weights[row + i] ?? 0) * (cell[i] ?? 0);
        const pixel = Math.floor(out / 3);
        const py = y * upscale + Math.floor(pixel / upscale);
        const px = x * upscale + (pixel % upscale);
        picture.rgb[3 * (py * picture.width + px) + (out % 3)] = Math.min(Math.max(Math.round(sum * 255), 0), 255);
      }
    }
  }
  return picture;
}
