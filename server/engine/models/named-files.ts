import { promptPieces, withoutCommas } from '../../../nodes/diffusion/prompt-embeddings.ts';
import type { Catalogue } from '../../../nodes/kit/index.ts';
import { isRecord, specOfType } from '../../../workflows/index.ts';
import { type FileKind, fileKinds } from '../../../workflows/protocol.ts';
import { bareName, type ListedPart } from './part-files.ts';

/** A model, or a file that is a part of models, as a workflow names it. */
export interface NamedFile {
  readonly kind: FileKind;
  readonly name: string;
}

/** What stands for a file in manifests and among what a job needs: a model's name, or its kind and name, `loras:ink.safetensors`. Embeddings go by the name that prompts use. */
export function fileKey({ kind, name }: NamedFile): string {
  if (kind === 'checkpoints') return name;
  return `${kind}:${kind === 'embeddings' ? bareName(name) : name}`;
}

/** A file that is a part of models; `bytes` on disk. */
export type ModelPart = Pick<ListedPart, 'kind' | 'name' | 'bytes'>;

/** The keys of all that a host has. */
export const providedBy = (
  models: readonly { readonly name: string }[],
  parts: readonly Pick<ModelPart, 'kind' | 'name'>[],
): ReadonlySet<string> => new Set([...models.map(({ name }) => fileKey({ kind: 'checkpoints', name })), ...parts.map(fileKey)]);

const namesEmbedding = 'embedding:';

/** As prompts are read, a name may be meant with the commas around it or without: whoever asks knows which of the two there is. */
function embeddingsIn(text: string): readonly NamedFile[] {
  if (!text.includes(namesEmbedding)) return [];
  const names = promptPieces(text).flatMap((piece) => ('embedding' in piece ? [piece.embedding, withoutCommas(piece.embedding)] : []));
  return names.map((name) => ({ kind: 'embeddings', name }));
}

/** A node, or what is left of it in a plan. */
interface NamingNode {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The files that nodes name, in their fields and in their prompts, each once. */
export function namedFiles(nodes: Iterable<NamingNode>, catalogue: Catalogue): readonly NamedFile[] {
  const files = new Map<string, NamedFile>();
  const add = (file: NamedFile): void => void files.set(fileKey(file), file);
  for (const { type, inputs } of nodes) {
    for (const { name, widget } of specOfType(type, catalogue)?.inputs ?? []) {
      const input = inputs[name];
      if (!isRecord(input) || typeof input.value !== 'string') continue;
      const kind = widget?.kind === 'choice' ? fileKinds.find((one) => one === widget.source) : undefined;
      if (kind !== undefined) add({ kind, name: input.value });
      else if (widget?.kind === 'text') for (const file of embeddingsIn(input.value)) add(file);
    }
  }
  return [...files.values()];
}
