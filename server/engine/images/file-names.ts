import { GraphError, quote } from '../../../nodes/kit/index.ts';
import { pathFault } from '../../../workflows/index.ts';

/** What `%…%` in a name stands for. */
export interface NameFacts {
  readonly width: number;
  readonly height: number;
  readonly now: Date;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A prefix with its tokens filled in: %width%, %height% in pixels, %year% … %second% in local time. */
export function fillName(prefix: string, { width, height, now }: NameFacts): string {
  const tokens: Readonly<Record<string, string>> = {
    width: String(width),
    height: String(height),
    year: String(now.getFullYear()),
    month: two(now.getMonth() + 1),
    day: two(now.getDate()),
    hour: two(now.getHours()),
    minute: two(now.getMinutes()),
    second: two(now.getSeconds()),
  };
  return prefix.replace(/%(\w+)%/g, (whole, name: string) => tokens[name] ?? whole);
}

/** Folder and begin of a file name, of a prefix that stays inside the output folder. Throws `bad-path`. */
export function splitPrefix(prefix: string): { folder: string; base: string } {
  const name = prefix === '' || prefix.endsWith('/') ? `${prefix}picture` : prefix;
  const fault = pathFault(name);
  if (fault !== undefined) {
    throw new GraphError('bad-path', `The name ${quote(prefix)} is not allowed: ${fault}. Use a name such as “cat” or “cats/cat”.`, {
      place: { port: 'filename_prefix' },
    });
  }
  const slash = name.lastIndexOf('/');
  return { folder: name.slice(0, Math.max(slash, 0)), base: name.slice(slash + 1) };
}

/** The number after the largest one in use: files are called `base_00001_.png`. */
export function nextNumber(files: readonly string[], base: string): number {
  const used = files
    .filter((file) => file.startsWith(`${base}_`))
    .map((file) => Number.parseInt(/^\d+/.exec(file.slice(base.length + 1))?.[0] ?? '0', 10));
  return used.reduce((max, value) => Math.max(max, value), 0) + 1;
}

/** `base_00007_.png`. */
export const numberedName = (base: string, number: number): string => `${base}_${String(number).padStart(5, '0')}_.png`;

/** `base.png`, and `base-2.png` for the second picture of a run. */
export const exactName = (base: string, number: number): string => `${base}${number === 1 ? '' : `-${number}`}.png`;

/** The number in a path that ends in an exact name of `base`; 1 for any other path. */
export function exactNumber(base: string, path: string): number {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const number = name.startsWith(`${base}-`) ? Number(/^(\d{1,6})\.png$/.exec(name.slice(base.length + 1))?.[1] ?? 1) : 1;
  return exactName(base, number) === name ? number : 1;
}
