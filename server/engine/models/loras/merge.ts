import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError } from '../../../../nodes/kit/index.ts';
import type { GraphDraft } from '../checkpoints/graph-cache.ts';
import { changedFile } from '../checkpoints/merged-bound.ts';
import { encodeModel } from '../graph/onnx-model.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import type { Runtime } from '../onnx.ts';
import { type PlacedTensor, type SafetensorsWriter, writeSafetensors } from '../safetensors/write.ts';
import { type MergedWeight, mergeGraph } from './merge-graph.ts';

/** Numbers that are merged at a time: what is in memory stays small beside the network. */
const mostNumbers = 32 * 2 ** 20;

const sizeOf = ({ weight }: MergedWeight): number => weight.shape.reduce((whole, side) => whole * side, 1);

/** Cuts a list into pieces of at most {@link mostNumbers}, and of one at least. */
function pieces(merged: readonly MergedWeight[]): MergedWeight[][] {
  const all: MergedWeight[][] = [];
  let room = 0;
  for (const one of merged) {
    const last = all.at(-1);
    if (last === undefined || sizeOf(one) > room) {
      all.push([one]);
      room = mostNumbers - sizeOf(one);
    } else {
      last.push(one);
      room -= sizeOf(one);
    }
  }
  return all;
}

async function mergePiece(
  piece: readonly MergedWeight[],
  { runtime, draft, put }: { runtime: Runtime; draft: GraphDraft; put: (merged: MergedWeight, values: Float32Array) => Promise<void> },
): Promise<void> {
  const g = mergeGraph(piece);
  if (g.faults.wrong.length > 0) throw new GraphError('bad-model', `The LoRA cannot be used: ${g.faults.wrong[0]}. Choose another file.`);
  const file = join(draft.folder, 'merge.onnx');
  await writeFile(file, encodeModel(g.graph, draft.locate));
  const session = await runtime.open(file);
  try {
    const results = await session.run({});
    for (const [i, merged] of piece.entries()) {
      const values = results.get(`merged_${i}`);
      if (values === undefined) throw new GraphError('internal', `The merged weight ${merged.name} was not computed.`);
      await put(merged, values.data);
    }
  } finally {
    await session.release();
    await rm(file);
  }
}

async function putAll(
  merged: readonly MergedWeight[],
  writer: SafetensorsWriter,
  tools: { runtime: Runtime; draft: GraphDraft },
): Promise<void> {
  const places = new Map<string, PlacedTensor>(writer.tensors.map((tensor) => [tensor.name, tensor]));
  const put = async ({ name }: MergedWeight, values: Float32Array): Promise<void> => {
    const place = places.get(name);
    if (place !== undefined) await writer.put(place, values);
  };
  for (const piece of pieces(merged)) await mergePiece(piece, { ...tools, put });
}

/** Writes merged weights into a file beside the graphs, computed by the runtime in float32, kept as fine as the weights were. Gives them as weights. */
export async function writeMerged(merged: readonly MergedWeight[], tools: { runtime: Runtime; draft: GraphDraft }): Promise<Weights> {
  const file = join(tools.draft.folder, changedFile);
  const planned = merged.map(({ name, weight: { shape, type } }) => ({
    name,
    shape,
    type: type === 'F16' || type === 'BF16' ? ('F16' as const) : ('F32' as const),
  }));
  const writer = await writeSafetensors(file, planned);
  try {
    await putAll(merged, writer, tools);
  } finally {
    await writer.close();
  }
  const transposed = new Map(merged.map(({ name, weight }) => [name, weight.transposed]));
  return new Map(
    writer.tensors.map(({ name, type, shape, offset, bytes }): [string, Weight] => [
      name,
      { key: name, file, type, shape, offset, bytes, ...(transposed.get(name) === true ? { transposed: true } : {}) },
    ]),
  );
}
