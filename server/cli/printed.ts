import { type Catalogue, GraphError, quote } from '../../nodes/kit/index.ts';
import { findNode, isRecord, type NodeId, nearest, specOfType, type Workflow } from '../../workflows/index.ts';

/** One `--print`: output `index` of a node. */
export interface PrintRequest {
  readonly node: NodeId;
  readonly output: string;
  readonly index: number;
}

/** `node.port`: an id or a title, and an output's name, label or index. Throws `unknown-node` or `unknown-port`. */
export function parsePrint(text: string, workflow: Workflow, catalogue: Catalogue): PrintRequest {
  const dot = text.lastIndexOf('.');
  if (dot <= 0) throw new GraphError('bad-value', `--print expects node.port, such as 2.0 or "Sampler loop.output", got ${quote(text)}.`);
  const node = findNode(text.slice(0, dot), [...workflow.nodes.values()], catalogue);
  const wanted = text.slice(dot + 1);
  const outputs = specOfType(node.type, catalogue)?.outputs ?? [];
  const byName = outputs.findIndex(({ name, label }) => name === wanted || label === wanted);
  const index = byName < 0 && /^\d+$/.test(wanted) ? Number(wanted) : byName;
  const output = outputs[index];
  if (output !== undefined) return { node: node.id, output: output.name, index };
  const names = outputs.map(({ name }, i) => `${i} (${name})`).join(', ');
  const near = nearest(
    wanted,
    outputs.map(({ name }) => name),
  );
  const hint = near.length > 0 ? ` Did you mean ${near.map(quote).join(' or ')}?` : '';
  throw new GraphError('unknown-port', `Node ${node.id} has no output ${quote(wanted)}. Its outputs are ${names || 'none'}.${hint}`, {
    place: { node: node.id },
  });
}

/**
 * A value as JSON: tensors as `{dims, data}` flat and row-major, a latent as its samples, sigmas as a tensor of one axis, one prompt as its tokens and several as a
 * list, numbers and text as they are. What only works inside, such as a model, is named by its type.
 */
export function printable(value: unknown, type: string): unknown {
  if (value instanceof Float32Array || value instanceof Float64Array) return { dims: [value.length], data: [...value] };
  if (Array.isArray(value)) {
    const parts = value.map((part) => printable(part, type));
    return parts.length === 1 ? parts[0] : parts;
  }
  if (!isRecord(value)) return typeof value === 'function' || value === undefined ? { type } : value;
  if (value.data instanceof Float32Array && Array.isArray(value.dims)) return { dims: value.dims, data: [...value.data] };
  if (type === 'LATENT') return printable(value.samples, type);
  if (type === 'CONDITIONING') return printable(value.tokens, type);
  if (type !== 'NOISE_SCHEDULE') return { type, ...(typeof value.name === 'string' ? { name: value.name } : {}) };
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, printable(part, name)]));
}
