import type { Catalogue } from '../nodes/kit/index.ts';
import { type Difference, diffManifests, diffWorkflows } from './diff.ts';
import { type RunManifest, readManifest } from './manifest.ts';
import { isPng } from './png-chunks.ts';
import { readPngText } from './png-text.ts';
import { readWorkflow } from './read.ts';
import type { Workflow } from './types.ts';

/** What a picture says of how it was made. */
export interface Carried {
  readonly workflow: Workflow;
  readonly manifest: RunManifest;
}

/** Reads workflow and manifest of a picture's file; undefined where it carries none. */
export function readCarried(bytes: Uint8Array, catalogue: Catalogue): Carried | undefined {
  const texts = isPng(bytes) ? readPngText(bytes) : new Map<string, string>();
  const [prompt, manifest] = [texts.get('prompt'), readManifest(texts.get('manifest') ?? 'null')];
  if (prompt === undefined || manifest === undefined) return undefined;
  return { workflow: readWorkflow(prompt, catalogue).workflow, manifest };
}

/** How two workflows differ by meaning, and, where both have run, their models and versions. */
export function differencesOf(
  before: { readonly workflow: Workflow; readonly manifest?: RunManifest | undefined },
  after: typeof before,
  catalogue: Catalogue,
): readonly Difference[] {
  const surroundings = before.manifest && after.manifest ? diffManifests(before.manifest, after.manifest) : [];
  return [...diffWorkflows(before.workflow, after.workflow, catalogue), ...surroundings];
}

/** How two pictures of one size differ, in steps of 8-bit values, 0…255. */
export interface PixelDifference {
  readonly largest: number;
  readonly mean: number;
  /** Share of the values that differ, 0…1. */
  readonly share: number;
}

/** The difference of two buffers of the same length; `values` of them count for the mean and the share. */
export function pixelDifference(a: ArrayLike<number>, b: ArrayLike<number>, values = a.length): PixelDifference {
  let [largest, sum, count] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (difference === 0) continue;
    largest = Math.max(largest, difference);
    sum += difference;
    count++;
  }
  return { largest, mean: sum / Math.max(1, values), share: count / Math.max(1, values) };
}

/** The largest difference of an 8-bit value that counts as the same where nothing else is said. */
export const usualTolerance = 2;

/** What came out of running again what made a picture. */
export interface Verdict {
  readonly result: 'bit-equal' | 'within-tolerance' | 'different';
  /** Not there if the new picture has another size. */
  readonly difference?: PixelDifference;
  /** What is not as it was when the picture was made. */
  readonly changed: readonly Difference[];
}

/** Judges a picture that was made again; without a difference it has another size. */
export function judged(
  difference: PixelDifference | undefined,
  { changed, tolerance }: { readonly changed: readonly Difference[]; readonly tolerance: number },
): Verdict {
  if (difference === undefined) return { result: 'different', changed };
  const result = difference.largest === 0 ? 'bit-equal' : difference.largest <= tolerance ? 'within-tolerance' : 'different';
  return { result, difference, changed };
}
