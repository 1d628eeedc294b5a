import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type PinnedSet, pinnedSet } from '../cuda/packages.ts';
import type { Machine } from '../cuda/system-libraries.ts';
import type { Check } from './check.ts';

const Package = z.object({
  version: z.string(),
  engines: z.object({ node: z.string() }).optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

const readPackage = async (folder: string) => Package.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));

/** Is `version` at least `least`, number by number? */
function atLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('.').map(Number));
  for (const [i, wanted] of (b ?? []).entries()) {
    const given = a?.[i] ?? 0;
    if (given !== wanted) return given > wanted;
  }
  return true;
}

/** Node against what package.json asks for; `version` as in `process.versions.node`. */
export async function checkNode(root: string, version: string): Promise<Check> {
  const { engines } = await readPackage(root);
  const least = /\d+(\.\d+)*/.exec(engines?.node ?? '')?.[0] ?? '0';
  if (atLeast(version, least)) return { name: 'Node', state: 'ok', found: `Node ${version}` };
  return {
    name: 'Node',
    state: 'problem',
    found: `Node is ${version}, and ${least} or newer is needed.`,
    remedy: `Install Node ${least} or newer from https://nodejs.org`,
  };
}

/** Our package, and onnxruntime-node in the version that it asks for; `runtime` is the folder of its native library. */
export async function checkPackage(root: string, { runtime }: Machine, set: PinnedSet = pinnedSet): Promise<Check> {
  const name = 'package';
  const { version, dependencies } = await readPackage(root);
  const wanted = dependencies['onnxruntime-node'];
  const folder = runtime.replace(/[\\/]bin[\\/]napi-v\d+[\\/].*$/, '');
  const found = await readPackage(folder).catch(() => undefined);
  const remedy = 'Run: npm ci';
  if (found === undefined) return { name, state: 'problem', found: 'onnxruntime-node is not installed.', remedy };
  if (found.version !== wanted) {
    return { name, state: 'problem', found: `onnxruntime-node is ${found.version}, and ${wanted} is needed.`, remedy };
  }
  const native = await stat(join(runtime, 'onnxruntime_binding.node')).catch(() => undefined);
  if (native === undefined) {
    const platform = `${process.platform} on ${process.arch}`;
    return {
      name,
      state: 'problem',
      found: `onnxruntime-node has no library for ${platform}.`,
      remedy: `${remedy}. If that does not help, ${platform} is not supported.`,
    };
  }
  if (set.onnxruntime !== found.version) {
    return {
      name,
      state: 'problem',
      found: `The CUDA libraries are pinned for ONNX Runtime ${set.onnxruntime}, not ${found.version}.`,
      remedy,
    };
  }
  return { name, state: 'ok', found: `litegraph-diffusion ${version}, ONNX Runtime ${found.version}` };
}
