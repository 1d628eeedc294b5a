import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './home.ts';
import { findLibrary, type Machine } from './system-libraries.ts';

/** A GPU as its driver describes it; memory in bytes. */
export interface Gpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly total: number;
  readonly free: number;
  /** Compute capability, `9.0`. */
  readonly capability: string;
}

/** NVIDIA's driver, as far as it is there. */
export interface Driver {
  /** `580.95.05`; undefined without a driver. */
  readonly version: string | undefined;
  /** The folder of libcuda.so.1, through which programs talk to it. */
  readonly library: string | undefined;
  /** The GPUs, or undefined where there is no nvidia-smi to ask. */
  readonly gpus: readonly Gpu[] | undefined;
  /** Is there an NVIDIA card on the bus? */
  readonly card: boolean;
}

const columns = 'index,uuid,name,memory.total,memory.free,compute_cap,driver_version';
const mebibyte = 2 ** 20;

/** The answer of nvidia-smi line by line: '' where it fails, undefined where there is no such program. */
function askDriver(env: Environment): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'nvidia-smi',
      [`--query-gpu=${columns}`, '--format=csv,noheader,nounits'],
      { env: { ...env }, timeout: 10_000, maxBuffer: 1 << 20 },
      (error, output) => resolve(error === null ? output : error.code === 'ENOENT' ? undefined : ''),
    );
  });
}

function parseGpus(answer: string): { gpus: Gpu[]; version: string | undefined } {
  const rows = answer.split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
  const full = rows.filter((row) => row.length === 7 && /^\d+$/.test(row[0] ?? ''));
  const gpus = full.map(([index, uuid = '', name = '', total, free, capability = '']) => ({
    index: Number(index),
    uuid,
    name,
    total: Number(total) * mebibyte,
    free: Number(free) * mebibyte,
    capability,
  }));
  return { gpus, version: full[0]?.[6] };
}

/** Is a PCI device of NVIDIA's there? */
async function hasCard(root: string): Promise<boolean> {
  const folder = join(root, 'sys/bus/pci/devices');
  const names = await readdir(folder).catch((): string[] => []);
  const vendors = await Promise.all(names.map((name) => readFile(join(folder, name, 'vendor'), 'utf8').catch(() => '')));
  return vendors.some((vendor) => vendor.trim() === '0x10de');
}

/** Looks for the driver and asks it for its GPUs. */
export async function findDriver(machine: Machine): Promise<Driver> {
  const [answer, kernel, library, card] = await Promise.all([
    askDriver(machine.env),
    readFile(join(machine.root, 'proc/driver/nvidia/version'), 'utf8').catch(() => ''),
    findLibrary('libcuda.so.1', machine),
    hasCard(machine.root),
  ]);
  const { gpus, version } = parseGpus(answer ?? '');
  return {
    version: version ?? /\b(\d{3}\.\d+(?:\.\d+)?)\b/.exec(kernel)?.[1],
    library,
    gpus: answer === undefined ? undefined : gpus,
    card: card || gpus.length > 0,
  };
}

/** The GPU behind `cuda:N`, which counts what CUDA_VISIBLE_DEVICES leaves, in the order of the bus. */
export function visibleGpu(id: number, gpus: readonly Gpu[] | undefined, env: Environment): Gpu | undefined {
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible === undefined) return gpus?.find(({ index }) => index === id);
  const chosen = visible.split(',')[id]?.trim();
  if (chosen === undefined || chosen === '') return undefined;
  return gpus?.find(({ index, uuid }) => String(index) === chosen || uuid.startsWith(chosen));
}
