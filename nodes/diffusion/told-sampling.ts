import type { NodeEvent } from '../kit/index.ts';
import { type SampledLatents, type SamplingRun, sampleLatent } from './sampling-run.ts';
import { type PreviewKind, stepEvent } from './step-preview.ts';

/** Runs a sampler as {@link sampleLatent} does and tells each step as a node's event. */
export async function* toldSampling(
  run: SamplingRun,
  { signal, preview }: { signal: AbortSignal; preview: PreviewKind },
): AsyncGenerator<NodeEvent, SampledLatents, void> {
  const loop = sampleLatent(run, signal);
  for (let next = await loop.next(); ; next = await loop.next()) {
    if (next.done) return next.value;
    yield stepEvent(next.value, run.guider.model, preview);
  }
}
