import type { PortSpec } from '../nodes/kit/index.ts';

/** Is the value of this port a path below one of the server's folders? */
export const isPathPort = (port: PortSpec): boolean =>
  port.name === 'filename_prefix' || (port.widget?.kind === 'choice' && port.widget.source !== undefined);

/**
 * Why a path could leave its folder or name something that is no plain file; undefined if it is harmless. `/` parts folders;
 * two dots are only harmful as a whole part, so `a..b.png` is fine.
 */
export function pathFault(path: string): string | undefined {
  if (path.length > 240) return 'it is longer than 240 characters';
  if (/\p{Cc}/u.test(path)) return 'it holds a control character';
  if (path.includes('\\')) return 'it holds “\\”; write “/” between folders';
  if (path.includes(':')) return 'it holds “:”';
  if (path.startsWith('/')) return 'it starts with “/”; write it relative to its folder';
  const parts = path.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'it holds “.” or “..” as a folder';
  if (parts.some((part) => part.startsWith('.'))) return 'a part of it begins with a dot, which hides it';
  if (parts.slice(0, -1).includes('')) return 'it holds an empty folder name';
  if (parts.some((part) => part !== part.trimEnd() || (part.length > 1 && part.endsWith('.'))))
    return 'a part of it ends with a blank or a dot';
  const reserved = parts.find((part) => /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part));
  return reserved === undefined ? undefined : `“${reserved}” is a reserved name on some systems`;
}
