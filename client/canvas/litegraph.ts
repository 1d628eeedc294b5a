import { LiteGraph } from 'litegraph.js/build/litegraph.core.js';
import type { HostLibrary } from '../plugin/host.ts';

const isLibrary = (value: unknown): value is HostLibrary =>
  typeof value === 'object' && value !== null && 'registerNodeType' in value && 'LGraphCanvas' in value && 'LLink' in value;

/** The page's own litegraph, set to the measures of this project's nodes; the only place where the library is imported. */
export function litegraphCore(): HostLibrary {
  if (!isLibrary(LiteGraph)) throw new Error('litegraph.js could not be loaded: its core build has another form than expected.');
  LiteGraph.MAX_NUMBER_OF_NODES = 20_000;
  LiteGraph.NODE_TITLE_HEIGHT = 28;
  return LiteGraph;
}
