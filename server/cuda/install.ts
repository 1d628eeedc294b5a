import { mkdir, readdir, readFile, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { lockFolder } from '../files/lock.ts';
import { download, isIntact } from './download.ts';
import { cudaHome, findInstallation, type Installation, type Receipt, receiptFile, versionFolder } from './home.ts';
import { locate } from './package-index.ts';
import type { PinnedPackage, PinnedSet } from './packages.ts';
import { packageIndexes } from './pip-settings.ts';
import { proxiedFetch } from './proxied-fetch.ts';
import { type Machine, systemFolders } from './system-libraries.ts';
import { unpack } from './unpack.ts';

/** What `install-cuda` is asked for. */
export interface InstallOptions {
  readonly set: PinnedSet;
  readonly machine: Machine;
  /** Fetch everything, whatever the system has. */
  readonly ignoreSystem: boolean;
  readonly indexUrl?: string;
  /** A folder in which wheels may lie already. */
  readonly wheels?: string;
  /** Hears sentences. */
  readonly say: (text: string) => void;
  /** Hears of bytes that came. */
  readonly progress: (wanted: PinnedPackage, bytes: number) => void;
}

/** What is taken from the system, and what has to be fetched. */
interface Choice {
  readonly fetched: readonly PinnedPackage[];
  readonly system: readonly string[];
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
const unpacked = ({ libraries }: PinnedPackage): number => libraries.reduce((sum, { bytes }) => sum + bytes, 0);

async function choose({ set, machine, ignoreSystem, say }: InstallOptions): Promise<Choice> {
  const fetched: PinnedPackage[] = [];
  const system = new Set<string>();
  for (const wanted of set.packages) {
    const folders = wanted.replaceable && !ignoreSystem ? await systemFolders(wanted, machine) : undefined;
    if (folders === undefined) fetched.push(wanted);
    else {
      say(`${wanted.project}: the system's own in ${folders.join(', ')} fits.`);
      for (const folder of folders) system.add(folder);
    }
  }
  return { fetched, system: [...system] };
}

/** The staging folder, in which an interrupted installation is gone on with. */
const stagingFolder = (home: string, { onnxruntime }: PinnedSet): string => join(home, `.unfinished-${onnxruntime}`);

async function isUnpacked(wanted: PinnedPackage, folder: string): Promise<boolean> {
  const sizes = await Promise.all(wanted.libraries.map(({ name }) => stat(join(folder, name)).catch(() => undefined)));
  return (
    sizes.every((found, i) => found?.size === wanted.libraries[i]?.bytes) &&
    (await readFile(join(folder, `${wanted.project}.done`), 'utf8').catch(() => '')) === wanted.sha256
  );
}

/** Throws `too-large` unless the disk has room for what is still to be unpacked and the largest wheel besides. */
async function checkRoom(home: string, missing: readonly PinnedPackage[]): Promise<void> {
  const needed = missing.reduce((sum, wanted) => sum + unpacked(wanted), 0) + Math.max(0, ...missing.map(({ bytes }) => bytes));
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new GraphError(
    'too-large',
    `${home} has ${megabytes(free)} free, and CUDA needs ${megabytes(needed)}. Make room, or set LITEGRAPH_DIFFUSION_CUDA to a folder on another disk.`,
  );
}

/** A wheel from the folder of `--wheels` or from an index, ready to unpack. */
async function fetchWheel(wanted: PinnedPackage, staging: string, options: InstallOptions): Promise<string> {
  const given = options.wheels === undefined ? undefined : join(options.wheels, wanted.file);
  if (given !== undefined && (await isIntact(given, wanted))) return given;
  const path = join(staging, wanted.file);
  if (await isIntact(path, wanted)) return path;
  const fetch = proxiedFetch(options.machine.env);
  const from = await locate(wanted, await packageIndexes(options.machine, options.indexUrl), fetch);
  await download(wanted, { from, path }, { fetch, progress: (bytes) => options.progress(wanted, bytes) });
  return path;
}

/** The provider asks for cuDNN by its name without a number. */
async function linkCudnn(lib: string, { system }: Choice): Promise<void> {
  const name = 'libcudnn.so.9';
  for (const folder of [lib, ...system]) {
    if ((await stat(join(folder, name)).catch(() => undefined)) === undefined) continue;
    await rm(join(lib, 'libcudnn.so'), { force: true });
    await symlink(folder === lib ? name : join(folder, name), join(lib, 'libcudnn.so'));
    return;
  }
}

/** Fetches and unpacks into the staging folder, one wheel after the other, so that little disk is needed. */
async function fill(staging: string, { fetched }: Choice, options: InstallOptions): Promise<void> {
  const lib = join(staging, 'lib');
  await mkdir(lib, { recursive: true });
  const states = await Promise.all(fetched.map((wanted) => isUnpacked(wanted, lib)));
  const missing = fetched.filter((_, i) => !states[i]);
  await checkRoom(staging, missing);
  for (const wanted of missing) {
    options.say(`${wanted.project} ${wanted.version}, ${megabytes(wanted.bytes)}`);
    const wheel = await fetchWheel(wanted, staging, options);
    await unpack(wheel, wanted, lib);
    await writeFile(join(lib, `${wanted.project}.done`), wanted.sha256);
    if (wheel.startsWith(staging)) await rm(wheel);
  }
}

/** Gives the staging folder its name; what was there before goes. */
async function finish(staging: string, { fetched, system }: Choice, { set, machine }: InstallOptions): Promise<string> {
  const lib = join(staging, 'lib');
  await linkCudnn(lib, { fetched, system });
  const libraries = Object.fromEntries(fetched.flatMap((wanted) => wanted.libraries.map(({ name, bytes }) => [name, bytes])));
  for (const { project } of fetched) await rm(join(lib, `${project}.done`), { force: true });
  const receipt: Receipt = { onnxruntime: set.onnxruntime, libraries, system: [...system] };
  await writeFile(receiptFile(staging), `${JSON.stringify(receipt, undefined, 2)}\n`);
  const target = versionFolder(cudaHome(machine.env), set.onnxruntime);
  await rm(target, { recursive: true, force: true });
  await rename(staging, target);
  return target;
}

/** Is everything there still, what the system holds included? */
async function isComplete({ receipt, damaged }: Installation, { set, machine }: InstallOptions): Promise<boolean> {
  if (damaged.length > 0) return false;
  const borrowed = set.packages.filter(({ libraries }) => libraries.some(({ name }) => !(name in receipt.libraries)));
  const found = await Promise.all(borrowed.map((wanted) => systemFolders(wanted, machine)));
  return found.every((folders) => folders !== undefined);
}

/** Removes installations of other versions. */
async function removeOthers(home: string, { onnxruntime }: PinnedSet): Promise<void> {
  const versions = (await readdir(home)).filter((name) => /^(\.unfinished-)?\d+\.\d+\.\d+$/.test(name) && name !== onnxruntime);
  for (const name of versions) await rm(join(home, name), { recursive: true, force: true });
}

/**
 * Puts the CUDA provider and the CUDA libraries into the folder of {@link cudaHome} and gives that folder. Interrupted, it is gone on with by the next call; nothing is
 * used before all is there. Throws `not-found`, `not-allowed`, `too-large` or `bad-path`, each with what to do.
 */
export async function installCuda(options: InstallOptions): Promise<string> {
  const { set, machine, say } = options;
  const home = cudaHome(machine.env);
  const present = await findInstallation(machine.env, set);
  if (present !== undefined && (await isComplete(present, options))) {
    say(`CUDA for ONNX Runtime ${set.onnxruntime} is installed already.`);
    return present.folder;
  }
  await mkdir(home, { recursive: true }).catch((thrown: unknown) => {
    throw new GraphError('bad-path', `The folder ${home} cannot be made. Set LITEGRAPH_DIFFUSION_CUDA to one that can.`, { cause: thrown });
  });
  const lock = await lockFolder(home);
  try {
    const choice = await choose(options);
    const staging = stagingFolder(home, set);
    await fill(staging, choice, options);
    const folder = await finish(staging, choice, options);
    await removeOthers(home, set);
    return folder;
  } finally {
    await lock.release();
  }
}

/** Takes away all that `install-cuda` ever put there; true if there was anything. */
export async function removeCuda({ env }: Machine): Promise<boolean> {
  const home = cudaHome(env);
  const names = await readdir(home).catch((): string[] => []);
  const ours = names.filter((name) => /^(\.unfinished-)?\d+\.\d+\.\d+$/.test(name));
  for (const name of ours) await rm(join(home, name), { recursive: true, force: true });
  return ours.length > 0;
}
