import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { coreLibrary, type PinnedSet, providerLibrary } from './packages.ts';

/** What `install-cuda` left: written last, so that a folder with this file is complete. */
export const Receipt = z.object({
  onnxruntime: z.string(),
  /** Libraries of `lib/` with their sizes in bytes. */
  libraries: z.record(z.string(), z.number()),
  /** Folders of the system that hold the rest. */
  system: z.array(z.string()),
});
export type Receipt = z.infer<typeof Receipt>;

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where `install-cuda` puts everything: outside of node_modules, so that `npm ci` leaves it alone. */
export function cudaHome(env: Environment): string {
  const own = env.LITEGRAPH_DIFFUSION_CUDA;
  if (own !== undefined && own !== '') return own;
  const shared = env.XDG_DATA_HOME;
  return join(shared !== undefined && shared !== '' ? shared : join(env.HOME ?? homedir(), '.local/share'), 'litegraph-diffusion/cuda');
}

/** The folder of one version inside a home. */
export const versionFolder = (home: string, onnxruntime: string): string => join(home, onnxruntime);

/** The libraries of an installation. */
export const libraryFolder = (home: string, onnxruntime: string): string => join(versionFolder(home, onnxruntime), 'lib');

/** The file that says what is installed. */
export const receiptFile = (folder: string): string => join(folder, 'installed.json');

/** An installation as it is found. */
export interface Installation {
  readonly folder: string;
  readonly receipt: Receipt;
  /** Libraries that are gone or not as long as they were. */
  readonly damaged: readonly string[];
}

async function readReceipt(folder: string): Promise<Receipt | undefined> {
  try {
    return Receipt.parse(JSON.parse(await readFile(receiptFile(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The installation that belongs to this version of ONNX Runtime, if it was finished. */
export async function findInstallation(env: Environment, { onnxruntime }: PinnedSet): Promise<Installation | undefined> {
  const folder = versionFolder(cudaHome(env), onnxruntime);
  const receipt = await readReceipt(folder);
  if (receipt === undefined) return undefined;
  const damaged: string[] = [];
  for (const [name, bytes] of Object.entries(receipt.libraries)) {
    const found = await stat(join(folder, 'lib', name)).catch(() => undefined);
    if (found?.size !== bytes) damaged.push(name);
  }
  return { folder, receipt, damaged };
}

/** Has an installation all that the loader will ask for first? */
const isUsable = ({ receipt, damaged }: Installation): boolean =>
  damaged.length === 0 && coreLibrary in receipt.libraries && providerLibrary in receipt.libraries;

const pathVariable = 'LD_LIBRARY_PATH';

/** Folders of LD_LIBRARY_PATH. */
export const libraryPath = (env: Environment): readonly string[] => (env[pathVariable] ?? '').split(':').filter((folder) => folder !== '');

/**
 * What a process needs in its environment so that the loader finds CUDA, or undefined where nothing is installed or it is already there. The loader reads it only when a process starts.
 */
export async function cudaEnvironment(env: Environment, set: PinnedSet): Promise<Readonly<Record<string, string>> | undefined> {
  const installation = await findInstallation(env, set);
  if (installation === undefined || !isUsable(installation)) return undefined;
  const folders = [join(installation.folder, 'lib'), ...installation.receipt.system];
  const present = libraryPath(env);
  if (folders.every((folder) => present.includes(folder))) return undefined;
  return { [pathVariable]: [...folders, ...present.filter((folder) => !folders.includes(folder))].join(':') };
}
