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

/** The same map with half as many pixels along each side: every four of a cell become their mean. */
function halved({ kernel, upscale, weights, bias }: PreviewMap): PreviewMap {
  const small = upscale / 2;
  const columns = weights.length / bias.length;
  const result = { kernel, upscale: small, weights: new Float32Array(weights.length / 4), bias: new Float32Array(bias.length / 4) };
  for (let out = 0; out < bias.length; out++) {
    const pixel = Math.floor(out / 3);
    const row = Math.floor(pixel / upscale / 2);
    const target = 3 * (row * small + Math.floor((pixel % upscale) / 2)) + (out % 3);
    result.bias[target] = (result.bias[target] ?? 0) + (bias[out] ?? 0) / 4;
    for (let i = 0; i < columns; i++) {
      const at = target * columns + i;
      result.weights[at] = (result.weights[at] ?? 0) + (weights[out * columns + i] ?? 0) / 4;
    }
  }
  return result;
}

/** A longer side than this is not drawn, in pixels: a preview is looked at in passing. */
const longestSide = 96;

/** Draws the first item of scaled latents `[b, c, h, w]`: h·upscale × w·upscale pixels, fewer where that would be many. */
export function previewer(map: PreviewMap): (scaled: Tensor) => Picture {
  const levels = [map];
  for (let last = map; last.upscale % 2 === 0; ) {
    last = halved(last);
    levels.push(last);
  }
  return (scaled) => {
    const [, , height = 0, width = 0] = scaled.dims;
    const fitting = levels.find(({ upscale }) => Math.max(height, width) * upscale <= longestSide);
    return draw(fitting ?? levels.at(-1) ?? map, scaled);
  };
}

/** One channel after the other with a border of zeros, so that no neighbourhood needs a look whether it is inside. */
function padded({ dims: [, channels = 0, height = 0, width = 0], data }: Tensor, border: number): { cells: Float32Array; stride: number } {
  const stride = width + 2 * border;
  const cells = new Float32Array(channels * (height + 2 * border) * stride);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * height + y) * width;
      cells.set(data.subarray(from, from + width), (c * (height + 2 * border) + y + border) * stride + border);
    }
  }
  return { cells, stride };
}

function draw({ kernel, upscale, weights, bias }: PreviewMap, scaled: Tensor): Picture {
  const [, channels = 0, height = 0, width = 0] = scaled.dims;
  const { cells, stride } = padded(scaled, (kernel - 1) / 2);
  const plane = cells.length / channels;
  const offsets = Int32Array.from({ length: channels * kernel ** 2 }, (_, i) => {
    const inner = i % kernel ** 2;
    return Math.floor(i / kernel ** 2) * plane + Math.floor(inner / kernel) * stride + (inner % kernel);
  });
  const cell = new Float32Array(offsets.length);
  const line = 3 * width * upscale;
  const rgb = new Uint8Array(line * height * upscale);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let i = 0; i < cell.length; i++) cell[i] = cells[(offsets[i] ?? 0) + y * stride + x] ?? 0;
      for (let out = 0; out < bias.length; out++) {
        let sum = bias[out] ?? 0;
        for (let i = 0, at = out * cell.length; i < cell.length; i++, at++) sum += (weights[at] ?? 0) * (cell[i] ?? 0);
        const row = y * upscale + Math.floor(out / (3 * upscale));
        rgb[row * line + 3 * x * upscale + (out % (3 * upscale))] = Math.min(Math.max(sum * 255 + 0.5, 0), 255);
      }
    }
  }
  return { width: width * upscale, height: height * upscale, rgb };
}
