import { describe, expect, it } from 'vitest';
import errorMap from '../../nodes/image/error-map.node.ts';
import filmStrip from '../../nodes/image/film-strip.node.ts';
import imageBatch from '../../nodes/image/image-batch.node.ts';
import imageCompare from '../../nodes/image/image-compare.node.ts';
import imageGrid from '../../nodes/image/image-grid.node.ts';
import plotNode from '../../nodes/image/plot.node.ts';
import type { Image } from '../../nodes/kit/index.ts';
import { runNode } from './node-runs.ts';

const shade = (count: number, value = 0.5): Image => ({ dims: [count, 8, 8, 3], data: new Float32Array(count * 192).fill(value) });
const noRows = { row_1: undefined, row_2: undefined, row_3: undefined, row_4: undefined, columns: 0, row_labels: '', column_labels: '' };

describe('Image grid', () => {
  it('makes a row of each batch, with words beside', async () => {
    const { outputs, shown } = await runNode(imageGrid, {
      ...noRows,
      row_1: shade(3),
      row_3: shade(2),
      row_labels: 'a\nb',
      column_labels: '1\n2\n3\n4',
    });
    expect(outputs.IMAGE.dims).toEqual([1, 24, 36, 3]);
    expect(shown[0]).toMatchObject({
      kind: 'images',
      files: [{ width: 36, height: 24 }],
      labels: { rows: ['a', 'b'], columns: ['1', '2', '3'] },
    });
  });

  it('cuts a single batch into rows', async () => {
    expect((await runNode(imageGrid, { ...noRows, row_1: shade(5), columns: 2 })).outputs.IMAGE.dims).toEqual([1, 36, 24, 3]);
  });

  it('wants something to lay out', async () => {
    await expect(runNode(imageGrid, noRows)).rejects.toThrow(/nothing to lay out/);
  });
});

describe('Film strip', () => {
  it('shows all frames, or some evenly chosen ones with their own words', async () => {
    const labels = 'a\nb\nc\nd\ne';
    const all = await runNode(filmStrip, { images: shade(5), frames: 0, labels });
    expect(all.shown[0]).toMatchObject({ labels: { columns: ['a', 'b', 'c', 'd', 'e'], rows: [] } });
    const some = await runNode(filmStrip, { images: shade(5), frames: 3, labels });
    expect(some.shown[0]).toMatchObject({ labels: { columns: ['a', 'c', 'e'] } });
    expect(some.outputs.IMAGE.dims[2]).toBe(36);
  });
});

describe('comparing', () => {
  it('an error map is dark where pictures agree, and knows how far they differ', async () => {
    const { outputs, shown } = await runNode(errorMap, { image_a: shade(1, 0.5), image_b: shade(1, 0.6), full: 0.2 });
    expect(outputs.error).toBeCloseTo(0.01, 6);
    expect(shown[0]).toMatchObject({ labels: { columns: ['PSNR 20.0 dB'] } });
    const same = await runNode(errorMap, { image_a: shade(1), image_b: shade(1), full: 0.2 });
    expect(same.shown[0]).toMatchObject({ labels: { columns: ['no difference'] } });
    expect(same.outputs.IMAGE.data[0]).toBeLessThan(outputs.IMAGE.data[0] ?? 0);
  });

  it('refuses pictures of other sizes', async () => {
    await expect(runNode(errorMap, { image_a: shade(1), image_b: shade(2), full: 0.2 })).rejects.toThrow(/size of the other/);
  });

  it('lays two pictures over each other, with their names', async () => {
    const { shown } = await runNode(imageCompare, { image_a: shade(2, 0.1), image_b: shade(1, 0.9), name_a: 'l', name_b: 'r' });
    expect(shown[0]).toMatchObject({ kind: 'images', compare: true, files: [{ width: 8 }, { width: 8 }], labels: { columns: ['l', 'r'] } });
  });

  it('batches pictures of one size', async () => {
    expect((await runNode(imageBatch, { image1: shade(2), image2: shade(1) })).outputs.IMAGE.dims).toEqual([3, 8, 8, 3]);
  });
});

describe('Plot', () => {
  it('wants curves', async () => {
    const none = { plot_1: undefined, plot_2: undefined, plot_3: undefined, plot_4: undefined, title: '', scale: 'linear' as const };
    await expect(runNode(plotNode, none)).rejects.toThrow(/nothing to draw/);
  });
});
