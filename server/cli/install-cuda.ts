import { GraphError } from '../../nodes/kit/index.ts';
import { cudaHome } from '../cuda/home.ts';
import { installCuda, removeCuda } from '../cuda/install.ts';
import { type PinnedPackage, pinnedSet } from '../cuda/packages.ts';
import { thisMachine } from '../cuda/system-libraries.ts';

/** `litegraph-diffusion install-cuda`. */
export interface InstallCudaOptions {
  readonly indexUrl?: string;
  readonly wheels?: string;
  /** False with `--no-system`. */
  readonly system: boolean;
}

/** One line that grows a percentage, on a terminal only. */
function percentage(stream: NodeJS.WriteStream): (wanted: PinnedPackage, bytes: number) => void {
  let last = '';
  return ({ project, bytes: all }, bytes) => {
    const text = `\r${project} ${Math.floor((100 * bytes) / all)} %`;
    if (!stream.isTTY || text === last) return;
    last = text;
    stream.write(bytes >= all ? `${text}\n` : text);
  };
}

/** Fetches the CUDA provider and libraries; tells what it does on standard error and where all is on standard output. */
export async function installCudaCommand({ indexUrl, wheels, system }: InstallCudaOptions): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new GraphError(
      'device-unavailable',
      `CUDA is only for Linux on x64, and this is ${process.platform} on ${process.arch}. See “litegraph-diffusion doctor” for the devices that this machine has.`,
    );
  }
  const folder = await installCuda({
    set: pinnedSet,
    machine: thisMachine(),
    ignoreSystem: !system,
    ...(indexUrl === undefined ? {} : { indexUrl }),
    ...(wheels === undefined ? {} : { wheels }),
    say: (text) => process.stderr.write(`${text}\n`),
    progress: percentage(process.stderr),
  });
  process.stdout.write(`CUDA is in ${folder}. Check it with: npx litegraph-diffusion doctor\n`);
}

/** `litegraph-diffusion remove-cuda`. */
export async function removeCudaCommand(): Promise<void> {
  const machine = thisMachine();
  const removed = await removeCuda(machine);
  const home = cudaHome(machine.env);
  process.stdout.write(removed ? `CUDA was removed from ${home}.\n` : `There is no CUDA in ${home}.\n`);
}
