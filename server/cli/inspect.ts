import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GraphError, quote } from '../../nodes/kit/index.ts';
import { type Inspection, inspectModel } from '../engine/models/checkpoints/inspect.ts';
import { isPickle, pickleReason } from '../engine/models/model-formats.ts';
import { table } from './lists.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** At most so many keys are listed; --json has all. */
const listed = 20;

function keys(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [`${title}: none`];
  const rest = names.length > listed ? [`  … and ${names.length - listed} more`] : [];
  return [`${title}: ${names.length}`, ...names.slice(0, listed).map((name) => `  ${name}`), ...rest];
}

function describe({ path, family, prediction, bytes, parts, missing, wrong, unexpected }: Inspection): string {
  const rows = parts.map((part) => [
    part.name,
    String(part.tensors),
    `${(part.parameters / 1e6).toFixed(1)} M`,
    megabytes(part.bytes),
    Object.entries(part.types)
      .map(([type, count]) => `${type} ×${count}`)
      .join(', '),
  ]);
  return [
    path,
    [family, ...(prediction === undefined ? [] : [`predicts ${prediction}`]), megabytes(bytes)].join(', '),
    '',
    table([['part', 'tensors', 'parameters', 'size', 'element types'], ...rows]),
    '',
    ...keys('Missing', missing),
    ...keys('Do not fit', wrong),
    ...keys('Not used', unexpected),
  ].join('\n');
}

/** `litegraph-diffusion models inspect FILE`: what a .safetensors file or a diffusers folder holds: a checkpoint or a part of one. The exit code is 1 if weights are missing or do not fit. */
export async function inspectCommand(file: string, { json }: { readonly json: boolean }): Promise<number> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new GraphError('missing-file', `There is no file ${quote(path)} to inspect.`);
  if (found.isFile() && isPickle(path)) throw new GraphError('bad-model', `The file ${path} is not opened. ${pickleReason}`);
  const inspection = await inspectModel({ path, kind: found.isDirectory() ? 'diffusers' : 'single-file' });
  process.stdout.write(`${json ? JSON.stringify(inspection) : describe(inspection)}\n`);
  return inspection.missing.length + inspection.wrong.length > 0 ? 1 : 0;
}
