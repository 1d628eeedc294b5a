import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, libraryPath } from './home.ts';
import type { PinnedPackage } from './packages.ts';

/** Where the machine is looked at: its root folder (another one in tests) and its environment. */
export interface Machine {
  readonly root: string;
  readonly env: Environment;
}

/** The machine that this runs on. */
export const thisMachine = (): Machine => ({ root: '/', env: process.env });

const known = [
  'usr/lib/x86_64-linux-gnu',
  'usr/lib64',
  'lib/x86_64-linux-gnu',
  'lib64',
  'usr/lib',
  'usr/lib/wsl/lib',
  'usr/local/nvidia/lib64',
];

/** CUDA's own folders, the newest first. */
async function toolkitFolders(root: string): Promise<string[]> {
  const names = await readdir(join(root, 'usr/local')).catch((): string[] => []);
  const toolkits = names.filter((name) => /^cuda(-\d|$)/.test(name)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return toolkits.flatMap((name) => ['lib64', 'targets/x86_64-linux/lib'].map((part) => join(root, 'usr/local', name, part)));
}

/** Folders in which the loader or a CUDA toolkit keeps libraries. */
export async function searchFolders({ root, env }: Machine): Promise<readonly string[]> {
  const all = [...libraryPath(env), ...(await toolkitFolders(root)), ...known.map((folder) => join(root, folder))];
  return [...new Set(all)];
}

/** Is this a 64-bit x86 library? Others of the same name are no use to us. */
async function isLibrary(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const head = Buffer.alloc(20);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return bytesRead === head.length && head.toString('latin1', 0, 4) === '\x7fELF' && head[4] === 2 && head.readUInt16LE(18) === 0x3e;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** The first folder that holds a library of this name. */
export async function findLibrary(name: string, machine: Machine): Promise<string | undefined> {
  for (const folder of await searchFolders(machine)) if (await isLibrary(join(folder, name))) return folder;
  return undefined;
}

/** The folders in which the system keeps all libraries of a package, or undefined where one is missing. */
export async function systemFolders({ libraries }: PinnedPackage, machine: Machine): Promise<readonly string[] | undefined> {
  const found = await Promise.all(libraries.map(({ name }) => findLibrary(name, machine)));
  const folders = found.flatMap((folder) => folder ?? []);
  return folders.length === libraries.length ? [...new Set(folders)] : undefined;
}
