/** Documents: reading, checking, planning, writing and sharing workflows. Pure; the same code in the browser and on the server. */
export { type Axis, mostAxes, parseAxis, parseValues, rowsOfAxes } from './batch/axes.ts';
export { formatCsv, parseCsv } from './batch/csv.ts';
export { checkTemplate, fillTemplate, namePart, unknownTokens } from './batch/names.ts';
export { type BatchRow, fileColumn, rowOfRecord, rowsOfCsv, rowsOfJsonl, rowsOfPictures, rowsOfRepeat } from './batch/rows.ts';
export { type ItemSeeds, itemSeeds, type SeedField, seedFields, withSeeds } from './batch/seeds.ts';
export { canonicalText } from './canonical.ts';
export { isRecord } from './clean.ts';
export { describeNode } from './describe.ts';
export { type Difference, differenceLine, diffManifests, diffWorkflows } from './diff.ts';
export { parseJson, stringifyJson } from './json.ts';
export { nearestSides, type SizedField, sizedFields } from './latent-sizes.ts';
export { layoutGraph } from './layout.ts';
export { limits } from './limits.ts';
export { type NodeRecord, type RunManifest, type RuntimeRecord, readManifest } from './manifest.ts';
export { nearest } from './nearest.ts';
export { estimateSize, nodeMeasures } from './node-size.ts';
export { bareType, fileType, isSampling, showsPicture, specOfType, virtualTypeOf } from './node-types.ts';
export { pathFault } from './paths.ts';
export { type Plan, plan, type Task, type TaskInput } from './plan.ts';
export { isPng } from './png-chunks.ts';
export { stripPng } from './png-strip.ts';
export { readPngText, readPngWorkflow, writePngText } from './png-text.ts';
export * from './protocol.ts';
export { readGraph, readWorkflow } from './read.ts';
export { documentFormat } from './read-extra.ts';
export { controlProperty } from './read-values.ts';
export { applyFixedSeeds, controlOf, nextSeed, rollSeeds } from './seeds.ts';
export { findField, findNode, type Named, setField, setValue, type WorkflowSource } from './set-value.ts';
export { decodeShare, encodeShare } from './share.ts';
export { type KnownFiles, type NamedFile, summarise, type WorkflowSummary } from './summary.ts';
export { toCompact } from './to-compact.ts';
export { toWorkflow } from './to-workflow.ts';
export * from './types.ts';
export { inspect, type RunTargets, validate } from './validate.ts';
export { isLiteral, toProperty } from './values.ts';
export {
  type Carried,
  differencesOf,
  judged,
  type PixelDifference,
  pixelDifference,
  readCarried,
  usualTolerance,
  type Verdict,
} from './verify.ts';
export { writeGraph } from './write.ts';
