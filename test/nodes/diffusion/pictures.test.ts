import { describe, expect, it } from 'vitest';
import { attentionPictures, attentionTo } from '../../../nodes/diffusion/attention-pictures.ts';
import { heatColour, signedPixels } from '../../../nodes/diffusion/heat-colours.ts';
import { joinedPlots } from '../../../nodes/diffusion/joined-plots.ts';
import { channelPictures, enlarged, pixelPictures } from '../../../nodes/diffusion/latent-pictures.ts';
import { filmEdges, linesOf, pictureTable } from '../../../nodes/diffusion/picture-table.ts';
import { gridColumns } from '../../../nodes/diffusion/sampler-grid.ts';
import type { Image, Plot, Tensor } from '../../../nodes/kit/index.ts';

const flat = (count: number, shade: (item: number) => number): Image => ({
  dims: [count, 4, 4, 3],
  data: Float32Array.from({ length: count * 48 }, (_, i) => shade(Math.floor(i / 48))),
});

describe('tables of pictures', () => {
  it('lay cells out row by row with grey between them', () => {
    const { dims, data } = pictureTable(
      flat(3, (item) => item / 10),
      { columns: 2, rows: 2 },
    );
    expect(dims).toEqual([1, 16, 16, 3]);
    const at = (x: number, y: number): number => data[3 * (y * 16 + x)] ?? Number.NaN;
    expect([at(4, 4), at(12, 4), at(4, 12), at(12, 12)]).toEqual([0, Math.fround(0.1), Math.fround(0.2), Math.fround(0.72)]);
    expect(at(0, 0)).toBeCloseTo(0.72, 6);
  });

  it('become film by two bars of holes', () => {
    const strip = filmEdges(flat(1, () => 0.5));
    expect(strip.dims).toEqual([1, 28, 4, 3]);
    expect(strip.data[3 * (14 * 4)]).toBe(0.5);
  });

  it('take labels from lines', () => {
    expect(linesOf('')).toEqual([]);
    expect(linesOf('a\n\n b \n')).toEqual(['a', '', 'b']);
  });
});

describe('pictures of latents', () => {
  it('show channels blue below zero and red above', () => {
    const [r = 0, , b = 0] = signedPixels([-3], 3);
    expect(b).toBeGreaterThan(r);
    expect([...signedPixels([0], 3)]).toEqual([1, 1, 1]);
    expect(channelPictures({ dims: [2, 4, 1, 1], data: new Float32Array(8) }).dims).toEqual([8, 1, 1, 3]);
  });

  it('show three channels −1…1 as pixels, and nothing else', () => {
    const { dims, data } = pixelPictures({ dims: [1, 3, 1, 1], data: Float32Array.of(-1, 0, 3) });
    expect([dims, [...data]]).toEqual([
      [1, 1, 1, 3],
      [0, 0.5, 1],
    ]);
    expect(() => pixelPictures({ dims: [1, 4, 1, 1], data: new Float32Array(4) })).toThrow(/3 channels/);
  });

  it('keep hard pixels when enlarged', () => {
    const { dims, data } = enlarged({ dims: [1, 1, 2, 1], data: Float32Array.of(1, 2) }, 2);
    expect([dims, [...data]]).toEqual([
      [1, 2, 4, 1],
      [1, 1, 2, 2, 1, 1, 2, 2],
    ]);
  });

  it('grow lighter with heat', () => {
    const light = (value: number): number => heatColour(value).reduce((sum, part) => sum + part, 0);
    for (let i = 1; i <= 20; i++) expect(light(i / 20)).toBeGreaterThan(light((i - 1) / 20));
  });
});

describe('attention', () => {
  /** Two heads over 2 × 2 cells and three tokens: all look at token 1 in the first cell, at token 0 elsewhere. */
  const weights: Tensor = {
    dims: [1, 2, 4, 3],
    data: Float32Array.from({ length: 24 }, (_, i) => Number(i % 3 === (Math.floor(i / 3) % 4 === 0 ? 1 : 0))),
  };
  const size = { height: 4, width: 4 };

  it('is the mean over heads and layers, spread over the cells that a coarse layer stands for', () => {
    const values = attentionTo([{ name: 'a', downsample: 2, weights }], 1, { size, factor: 1 });
    expect(values).toHaveLength(16);
    expect(values[0]).toBe(1);
    expect(values[15]).toBe(0);
    expect(attentionTo([{ name: 'a', downsample: 2, weights }], 2, { size, factor: 1 }).every((value) => value === 0)).toBe(true);
  });

  it('is drawn one picture a token', () => {
    const tokens = [
      { text: 'red', position: 0 },
      { text: 'apple', position: 1 },
    ];
    expect(attentionPictures([{ name: 'a', downsample: 2, weights }], tokens, { size, factor: 8 }).dims).toEqual([2, 32, 32, 3]);
  });

  it('refuses a layer that does not fit the latent', () => {
    expect(() => attentionTo([{ name: 'odd', downsample: 1, weights }], 0, { size, factor: 1 })).toThrow(
      /“odd” has 4 cells, expected 4 × 4/,
    );
  });
});

describe('plots', () => {
  const plot = (x: readonly number[], y: readonly number[]): Plot => ({
    title: 'a',
    xLabel: 't',
    x,
    panels: [{ label: 'p', curves: [{ label: 'c', y }] }],
  });

  it('are joined over the axis of the first, by straight lines between the points of the others', () => {
    const joined = joinedPlots([plot([0, 1, 2], [1, 2, 3]), plot([0, 2], [10, 20])], { title: '', log: false });
    expect(joined.panels.map(({ curves }) => curves[0]?.y)).toEqual([
      [1, 2, 3],
      [10, 15, 20],
    ]);
    expect(joined.title).toBe('a');
  });

  it('on a logarithmic scale leave out what is not above zero', () => {
    expect(joinedPlots([plot([0, 1], [100, 0])], { title: 't', log: true }).panels[0]).toEqual({
      label: 'log₁₀ p',
      curves: [{ label: 'c', y: [2, Number.NaN] }],
    });
  });
});

describe('columns of a sampler grid', () => {
  const base = { seed: 3n, cfg: 4, steps: 12, sampler: 'euler' as const, denoise: 1 };

  it('change one setting each and are named by it', () => {
    const columns = gridColumns(base, 'steps', { values: '1, 8', rows: 1 });
    expect(columns.map(({ label }) => label)).toEqual(['1 step', '8 steps']);
    expect(columns[1]?.settings).toEqual({ ...base, steps: 8 });
    expect(gridColumns(base, 'seed', { values: '18446744073709551615', rows: 1 })[0]?.settings.seed).toBe(2n ** 64n - 1n);
    expect(gridColumns(base, 'sampler', { values: 'heun\nddim', rows: 1 }).map(({ settings }) => settings.sampler)).toEqual([
      'heun',
      'ddim',
    ]);
  });

  it.each([
    ['steps', '1.5', 'whole number'],
    ['cfg', 'much', 'no number'],
    ['sampler', 'eular', 'no sampler “eular”'],
    ['seed', '-1', 'no seed'],
    ['seed', '', 'no values'],
    ['seed', Array.from({ length: 300 }, (_, i) => i).join(), 'more than 256'],
  ] as const)('refuse %s %s with a sentence', (vary, values, words) => {
    expect(() => gridColumns(base, vary, { values, rows: 1 })).toThrow(words);
  });
});
