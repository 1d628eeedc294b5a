import { type Catalogue, GraphError, type Problem } from '../nodes/kit/index.ts';
import { cleanJson, isJsonRecord, type Json } from './clean.ts';
import { dissolve } from './dissolve.ts';
import { parseJson } from './json.ts';
import { layoutGraph } from './layout.ts';
import { isCompact, readCompact } from './read-compact.ts';
import { isLitegraph, readLitegraph } from './read-litegraph.ts';
import { toWorkflow } from './to-workflow.ts';
import type { GraphDocument, Workflow } from './types.ts';
import { createWarnings } from './warnings.ts';

/**
 * Reads any accepted form for the editor: a saved graph (ours, litegraph's, ComfyUI's) or the compact form, which is laid
 * out. `source` is JSON text or what was parsed from it. Throws `bad-document` or `too-large`; what was mended is warned of.
 */
export function readGraph(source: unknown, catalogue: Catalogue): { graph: GraphDocument; warnings: readonly Problem[] } {
  const warnings = createWarnings();
  const json = toJson(source);
  if (isLitegraph(json)) return { graph: readLitegraph(json, catalogue, warnings), warnings: warnings.list() };
  if (isCompact(json)) {
    const graph = layoutGraph(readCompact(json, catalogue, warnings), catalogue, warnings);
    return { graph, warnings: warnings.list() };
  }
  throw notAWorkflow(json);
}

/** Reads any accepted form for running; `graph` is there if the form has a drawing. Throws as {@link readGraph}. */
export function readWorkflow(
  source: unknown,
  catalogue: Catalogue,
): { workflow: Workflow; graph?: GraphDocument; warnings: readonly Problem[] } {
  const warnings = createWarnings();
  const json = toJson(source);
  if (isLitegraph(json)) {
    const graph = readLitegraph(json, catalogue, warnings);
    return { workflow: toWorkflow(graph, catalogue), graph, warnings: warnings.list() };
  }
  if (isCompact(json)) return { workflow: dissolve(readCompact(json, catalogue, warnings), catalogue), warnings: warnings.list() };
  throw notAWorkflow(json);
}

const toJson = (source: unknown): Json => (typeof source === 'string' ? parseJson(source) : cleanJson(source));

function notAWorkflow(json: Json): GraphError {
  const came = Array.isArray(json)
    ? 'a list'
    : !isJsonRecord(json)
      ? `a single ${json === null ? 'null' : typeof json}`
      : `an object with ${Object.keys(json).length === 0 ? 'nothing in it' : `“${Object.keys(json).slice(0, 4).join('”, “').slice(0, 120)}”`}`;
  const expected = 'Expected a saved graph (with a list “nodes”) or the compact form (node ids with “class_type” and “inputs”)';
  return new GraphError('bad-document', `This is not a workflow. ${expected}, got ${came}. Open a file that the editor or ComfyUI saved.`);
}
