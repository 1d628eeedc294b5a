import type { NodeSpec, PortSpec } from '../../nodes/kit/index.ts';
import { stringifyJson } from '../../workflows/index.ts';
import { loadCatalogue, withChoices } from '../catalogue.ts';
import { listModels } from '../engine/models/list.ts';
import { ModelSizes } from '../engine/models/model-sizes.ts';
import { choicesNow } from '../files/choices.ts';
import { type CommonOptions, warnOfModels } from './options.ts';

/** Columns as wide as their longest cell, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(i === row.length - 1 ? 0 : (widths[i] ?? 0))).join('  ')).join('\n');
}

const size = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`);

const port = ({ name, type, optional }: PortSpec): string => `${name}${optional ? '?' : ''}:${type}`;

const describe = (spec: NodeSpec): string[] => [
  spec.type,
  spec.title,
  spec.category,
  `${spec.inputs.map(port).join(' ')} → ${spec.outputs.map(port).join(' ') || '—'}`,
];

/** `litegraph-diffusion nodes`, with the lists of models and pictures as they are now. */
export async function nodesCommand({ json, ...options }: CommonOptions & { json: boolean }): Promise<void> {
  const { specs, problems } = await loadCatalogue();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  await warnOfModels(options);
  const list = [...withChoices(specs, await choicesNow(options, new ModelSizes())).values()];
  process.stdout.write(`${json ? stringifyJson({ nodes: list }) : table([['type', 'title', 'shelf', 'ports'], ...list.map(describe)])}\n`);
}

/** `litegraph-diffusion models`. */
export async function modelsCommand({ json, ...options }: CommonOptions & { json: boolean }): Promise<void> {
  await warnOfModels(options);
  const list = await listModels(options.models, options.extraModels, new ModelSizes());
  const rows = list.map(({ name, family, bytes, embedded, path }) => [name, family, size(bytes), embedded ? 'embedded' : path]);
  process.stdout.write(`${json ? stringifyJson({ models: list }) : table([['name', 'family', 'size', 'where'], ...rows])}\n`);
}
