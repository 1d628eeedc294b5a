import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PinnedSet, pinnedSet } from '../../server/cuda/packages.ts';
import type { Machine } from '../../server/cuda/system-libraries.ts';

/** The head of a library for 64-bit x86; `machine` as ELF numbers processors. */
export function elf(machine = 0x3e): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head[4] = 2;
  head.writeUInt16LE(machine, 18);
  return head;
}

/** A machine in a temporary folder: with a driver, a GPU and an installation as asked for. */
export class FakeMachine implements Machine {
  readonly root: string;
  readonly env: Record<string, string>;
  readonly runtime: string;

  private constructor(root: string) {
    this.root = root;
    this.runtime = join(root, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
    this.env = { PATH: join(root, 'bin'), HOME: join(root, 'home'), LITEGRAPH_DIFFUSION_CUDA: join(root, 'cuda') };
  }

  static async make(): Promise<FakeMachine> {
    const root = await mkdtemp(join(tmpdir(), 'machine-'));
    const machine = new FakeMachine(root);
    for (const folder of ['bin', 'home', 'cuda', 'usr/lib/x86_64-linux-gnu', 'sys/bus/pci/devices/0000:01:00.0'])
      await mkdir(join(root, folder), { recursive: true });
    await mkdir(machine.runtime, { recursive: true });
    return machine;
  }

  async write(path: string, content: string | Uint8Array): Promise<string> {
    const full = join(this.root, path);
    await mkdir(join(full, '..'), { recursive: true });
    await writeFile(full, content);
    return full;
  }

  /** A card on the bus, its driver and libcuda.so.1; nvidia-smi tells of one GPU with this compute capability, or of none. */
  async driver(version: string, { library = true, capability = '8.9' }: { library?: boolean; capability?: string } = {}): Promise<void> {
    await this.write('sys/bus/pci/devices/0000:01:00.0/vendor', '0x10de\n');
    await this.write('proc/driver/nvidia/version', `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${version}  Release Build\n`);
    if (library) await this.write('usr/lib/x86_64-linux-gnu/libcuda.so.1', elf());
    const row = `0, GPU-1a2b, NVIDIA GeForce RTX 4090, 24564, 20000, ${capability}, ${version}`;
    const script = await this.write('bin/nvidia-smi', capability === '' ? '#!/bin/sh\nexit 6\n' : `#!/bin/sh\necho '${row}'\n`);
    await chmod(script, 0o755);
  }

  /** What `install-cuda` would have left for this set, without the libraries in `without`. */
  async installation({ packages, onnxruntime }: PinnedSet = smallSet, without: readonly string[] = []): Promise<void> {
    const libraries = packages.flatMap((one) => one.libraries).filter(({ name }) => !without.includes(name));
    for (const { name, bytes } of libraries) await this.write(`cuda/${onnxruntime}/lib/${name}`, Buffer.alloc(bytes));
    const sizes = Object.fromEntries(libraries.map(({ name, bytes }) => [name, bytes]));
    await this.write(`cuda/${onnxruntime}/installed.json`, JSON.stringify({ onnxruntime, libraries: sizes, system: [] }));
  }
}

/** The real set with libraries of 64 bytes. */
export const smallSet: PinnedSet = {
  ...pinnedSet,
  packages: pinnedSet.packages.map((one) => ({ ...one, libraries: one.libraries.map((library) => ({ ...library, bytes: 64 })) })),
};
