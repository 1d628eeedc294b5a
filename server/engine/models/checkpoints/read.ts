import type { SafetensorsCheckpoint } from './checkpoint.ts';
import { readDiffusersFolder } from './diffusers-folder.ts';
import { readSingleFile } from './single-file.ts';

/** Reads everything but the weights of a model in .safetensors. Throws `bad-model`. */
export function readCheckpoint({ path, kind }: { readonly path: string; readonly kind: string }): Promise<SafetensorsCheckpoint> {
  return kind === 'diffusers' ? readDiffusersFolder(path) : readSingleFile(path);
}
