import { GraphError } from '../../nodes/kit/index.ts';

/** The number of a GPU that is asked for by `cuda` or `cuda:1`. */
export function cudaId(device: string): number | undefined {
  const match = /^cuda(?::(\d{1,3}))?$/.exec(device);
  return match === null ? undefined : Number(match[1] ?? 0);
}

/** Gives a device's name back; throws `device-unavailable` unless it is `auto`, `cpu`, `cuda` or `cuda:N`. */
export function checkDeviceName(name: string): string {
  if (name === 'auto' || name === 'cpu' || cudaId(name) !== undefined) return name;
  throw new GraphError('device-unavailable', `There is no device “${name}”: expected auto, cpu, cuda or cuda:N.`);
}
