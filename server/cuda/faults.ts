import { installCommand } from './diagnose.ts';

/** What a failure of CUDA means, and what mends it. */
export interface CudaFault {
  readonly found: string;
  readonly remedy: string;
}

/** CUDA's own error numbers (cudaError_t), as ONNX Runtime prints them. */
const byNumber: Readonly<Record<number, CudaFault>> = {
  35: { found: 'The NVIDIA driver is too old for CUDA 13.', remedy: 'Install driver 580 or newer and restart.' },
  100: { found: 'The driver shows no GPU.', remedy: 'Run nvidia-smi: it says why. In a container, start it with --gpus all.' },
  101: { found: 'There is no GPU of this number.', remedy: 'Choose one that “litegraph-diffusion doctor” lists, such as --device cuda:0.' },
  209: { found: 'This GPU is too old for CUDA 13.', remedy: 'Use --device cpu, or a GPU of the Turing generation or newer.' },
  802: { found: 'The GPU is not ready yet.', remedy: 'Start NVIDIA Fabric Manager, or wait a moment and try again.' },
  999: { found: 'The driver failed.', remedy: 'Restart the machine: the driver and its library are often out of step after an update.' },
};

/** Reads why CUDA could not be started from ONNX Runtime's message; undefined where it does not say. */
export function cudaFault(message: string): CudaFault | undefined {
  const number = /CUDA failure (\d+)/.exec(message)?.[1];
  if (number !== undefined) {
    const known = byNumber[Number(number)];
    const said = /CUDA failure \d+: ([^;\n]*)/.exec(message)?.[1]?.trim();
    return known ?? { found: `CUDA failed with error ${number}: ${said ?? ''}.`, remedy: 'Run nvidia-smi to see whether the GPU works.' };
  }
  const library = /\b(lib[\w.-]+\.so[\w.]*): cannot open/.exec(message)?.[1];
  if (library === 'libcuda.so.1') return { found: 'There is no NVIDIA driver.', remedy: 'Install driver 580 or newer and restart.' };
  if (library !== undefined) return { found: `The library ${library} is missing.`, remedy: `Run: ${installCommand}` };
  return undefined;
}
