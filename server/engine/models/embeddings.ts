import { embeddingTensors } from '../../../nodes/diffusion/prompt-embeddings.ts';
import { concatBatch, type Tensor } from '../../../nodes/kit/index.ts';
import { bareName, locateParts, type PartFile, partIdentity } from './part-files.ts';
import { openSafetensors, readFloats } from './safetensors/file.ts';

/** The file of an embedding as prompts name it: with its ending or without, in any folder below. */
export const isNamed = (name: string) => (file: PartFile) => bareName(file.name) === bareName(name);

/** The rows `[n, width]` of an embedding (textual inversion, Gal et al. 2022) for a text network; undefined where there is no such file. Throws `bad-model` for a damaged one. */
export async function readEmbedding(name: string, network: string, roots: readonly string[]): Promise<Tensor | undefined> {
  const file = (await locateParts('embeddings', roots)).find(isNamed(name));
  if (file === undefined) return undefined;
  const { tensors } = await openSafetensors(file.path);
  const rows: Tensor[] = [];
  for (const key of embeddingTensors([...tensors.keys()], network)) {
    const tensor = tensors.get(key);
    if (tensor === undefined) continue;
    const width = tensor.shape.at(-1) ?? 1;
    const data = await readFloats({ ...tensor, shape: [1, ...tensor.shape] });
    rows.push({ dims: [data.length / width, width], data });
  }
  return rows.length === 0 ? undefined : concatBatch(rows);
}

/** Changes when an embedding that a prompt names does, or any of them where the prompt is not known yet. Empty where none is named. */
export async function embeddingsIdentity(prompts: readonly (string | undefined)[], roots: readonly string[]): Promise<string> {
  if (!prompts.some((prompt) => prompt === undefined || prompt.includes('embedding:'))) return '';
  return partIdentity(await locateParts('embeddings', roots));
}
