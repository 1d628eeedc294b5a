import type { HostCanvas, HostLibrary } from './host.ts';

const has = (value: unknown, names: readonly string[]): value is object =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && names.every((name) => name in value);

const isLibrary = (value: unknown): value is HostLibrary =>
  has(value, ['registerNodeType', 'unregisterNodeType', 'registered_node_types', 'LGraphNode', 'LGraphCanvas']);

const isCanvas = (value: unknown): value is HostCanvas => has(value, ['canvas', 'ds', 'graph', 'setDirty']);

/** The object `LiteGraph` of the host. Throws a TypeError for anything else. */
export function asLibrary(value: unknown): HostLibrary {
  if (isLibrary(value)) return value;
  throw new TypeError('registerDiffusionNodes expects the object LiteGraph of litegraph.js as its first argument.');
}

/** A canvas of the host. Throws a TypeError for anything else, such as the canvas element. */
export function asCanvas(value: unknown): HostCanvas {
  if (isCanvas(value)) return value;
  throw new TypeError('attach expects an LGraphCanvas of litegraph.js, not a canvas element or a selector.');
}
