import { cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedModels, locateModels } from '../../server/engine/models/list.ts';
import { ModelSizes } from '../../server/engine/models/model-sizes.ts';
import { writeTinyFolder } from './tiny-models.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sizes-'));
  await writeTinyFolder('sd15', folder);
  for (const unet of ['even', 'fixed'] as const) await writeTinyFolder('sd15', join(folder, unet), { unet });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads from the outlines of U-Nets which sizes models take, in cells', async () => {
  expect(await new ModelSizes().ofAll(await locateModels(folder))).toEqual({
    'even/sd15': { multiple: 2 },
    'fixed/sd15': { multiple: 2, width: 8, height: 8 },
  });
  expect(await new ModelSizes().of({ path: join(embeddedModels(), 'tiny-emoji'), kind: 'onnx' })).toBeUndefined();
});

it('looks again when a file has changed, and leaves what is damaged to whoever loads it', async () => {
  const path = join(folder, 'even/sd15');
  const unet = join(path, 'unet/model.onnx');
  const sizes = new ModelSizes();
  expect(await sizes.of({ path, kind: 'onnx' })).toEqual({ multiple: 2 });
  await cp(join(path, 'unet/fixed.onnx'), unet);
  await utimes(unet, 1, 1);
  expect(await sizes.of({ path, kind: 'onnx' })).toEqual({ multiple: 2, width: 8, height: 8 });
  await writeFile(unet, 'no network');
  expect(await sizes.of({ path, kind: 'onnx' })).toBeUndefined();
});
