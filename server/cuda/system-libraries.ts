import { open, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Environment, libraryPath } from './home.ts';
import type { PinnedPackage } from './packages.ts';

/** Where the machine is looked at: its root folder (another one in tests) and its environment. */
export interface Machine {
  readonly root: string;
  readonly env: Environment;
  /** The folder of ONNX Runtime's own libraries. */
  readonly runtime: string;
}

/** The folder in which onnxruntime-node keeps the libraries of this platform. */
function runtimeFolder(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return join(folder, 'bin/napi-v6', process.platform, process.arch);
}

/** The machine that this runs on. */
export const thisMachine = (): Machine => ({ root: '/', env: process.env, runtime: runtimeFolder() });

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

/** Folders that the loader's own configuration names. */
async function configuredFolders(root: string): Promise<string[]> {
  const folder = join(root, 'etc/ld.so.conf.d');
  const names = await readdir(folder).catch((): string[] => []);
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.conf')).map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
  return texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith('/'))).map((line) => join(root, line.trim()));
}

/** Folders in which the loader or a CUDA toolkit keeps libraries. */
export async function searchFolders({ root, env }: Machine): Promise<readonly string[]> {
  const standard = known.map((folder) => join(root, folder));
  const all = [...libraryPath(env), ...(await toolkitFolders(root)), ...(await configuredFolders(root)), ...standard];
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
