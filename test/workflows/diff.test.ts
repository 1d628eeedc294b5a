import { beforeAll, expect, it } from 'vitest';
import type { Catalogue } from '../../nodes/kit/index.ts';
import {
  canonicalText,
  differenceLine,
  diffManifests,
  diffWorkflows,
  type RunManifest,
  readManifest,
  readWorkflow,
  stringifyJson,
} from '../../workflows/index.ts';
import { realCatalogue } from './real-catalogue.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await realCatalogue();
});

const node = (class_type: string, inputs: Record<string, unknown> = {}, title?: string) => ({
  class_type,
  inputs,
  ...(title ? { _meta: { title } } : {}),
});
const base = {
  '1': node('EmptyImage', { width: 64, height: 64, batch_size: 1, color: 255 }),
  '2': node('ImageInvert', { image: ['1', 0] }),
  '3': node('SaveImage', { images: ['2', 0], filename_prefix: 'a' }, 'Keep'),
};
const read = (document: object) => readWorkflow(stringifyJson(document), catalogue).workflow;
const lines = (a: object, b: object): string[] => diffWorkflows(read(a), read(b), catalogue).map(differenceLine);

it('does not see ids, order, or values that are what they would be anyway', () => {
  const other = {
    '30': node('SaveImage', { images: ['20', 0], filename_prefix: 'a', metadata: true }, 'Keep'),
    '20': node('ImageInvert', { image: ['10', 0] }),
    '10': base['1'],
  };
  expect(lines(base, other)).toEqual([]);
});

it('names values, wires, modes, added and removed nodes', () => {
  const { 2: _, ...without } = base;
  const changed = {
    ...without,
    '1': node('EmptyImage', { width: 128, height: 64, batch_size: 1, color: 255 }),
    '3': node('SaveImage', { images: ['1', 0], filename_prefix: 'a' }, 'Keep'),
    '9': node('PreviewImage', { images: ['1', 0] }),
  };
  const found = lines(base, changed);
  expect(found).toContain('  Empty image (1), width: 64 → 128');
  expect(found).toContain('- Invert image (2)');
  expect(found).toContain('+ Preview image (9)');
  expect(found.find((line) => line.includes('Keep (3), images'))).toMatch(/output 0 of Invert image \(2\) → output 0 of Empty image \(1\)/);
  expect(found).toHaveLength(4);
});

it('has one canonical text whatever the order and the titles', () => {
  const turned = Object.fromEntries(Object.entries(base).reverse());
  expect(canonicalText(read(turned))).toBe(
    canonicalText(read({ ...base, '3': node('SaveImage', { filename_prefix: 'a', images: ['2', 0] }) })),
  );
  expect(canonicalText(read({ ...base, '2': node('ImageInvert', { image: ['2', 0] }) }))).not.toBe(canonicalText(read(base)));
});

it('compares what two runs stood on; times and seeds of nodes are not part of that', () => {
  const manifest: RunManifest = {
    format: 1,
    program: '1.0.0',
    at: '2026-01-01T00:00:00.000Z',
    workflow: 'aa',
    nodes: { '1': { type: 'KSampler', version: 1, values: { seed: '18446744073709551615' }, ms: 12 } },
    models: { tiny: { 'unet/model.onnx': 'aaaaaaaaaaaaaaaa' } },
    runtime: { onnxruntime: '1.30.0', provider: 'CPUExecutionProvider', device: 'cpu' },
  };
  expect(readManifest(stringifyJson(manifest))).toEqual(manifest);
  expect(readManifest('{"format":2}')).toBeUndefined();
  expect(
    diffManifests(manifest, { ...manifest, at: 'later', nodes: { '1': { type: 'KSampler', version: 1, values: {}, ms: 99 } } }),
  ).toEqual([]);
  const other = {
    ...manifest,
    nodes: { '1': { type: 'KSampler', version: 2, values: {} } },
    models: { tiny: { 'unet/model.onnx': 'bbbbbbbbbbbbbbbb' } },
    runtime: { ...manifest.runtime, provider: 'CUDAExecutionProvider', precision: 'fp16' },
  };
  expect(diffManifests(manifest, other).map(differenceLine)).toEqual([
    '  tiny, unet/model.onnx: aaaaaaaaaaaa → bbbbbbbbbbbb',
    '  node KSampler: 1 → 2',
    '  provider: CPUExecutionProvider → CUDAExecutionProvider',
    '  precision: nothing → fp16',
  ]);
});
