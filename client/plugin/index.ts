import { createPlugin } from './create-plugin.ts';
import type { DiffusionOptions, DiffusionPlugin } from './types.ts';

export type { Content, Curve, ImageFile, Plot, Problem } from '../../nodes/kit/index.ts';
export type { JobOutput, NodeStatus } from '../../workflows/protocol.ts';
export type { Run, RunOptions } from '../runs.ts';
export type { DiffusionEvents, DiffusionOptions, DiffusionPlugin } from './types.ts';

/**
 * Brings the nodes of a diffusion server into a page's own litegraph. `LiteGraph` is the object of that name, of litegraph.js 0.7 or of
 * its fork; no second copy is loaded. Throws a TypeError for another object.
 */
export function registerDiffusionNodes(LiteGraph: object, options: DiffusionOptions): DiffusionPlugin {
  return createPlugin(LiteGraph, options);
}
