import type { NodeEvent } from '../kit/index.ts';
import { oddNoise, type SampledLatents, type SamplingRun, sampleLatent } from './sampling-run.ts';
import { type PreviewKind, stepEvent } from './step-preview.ts';

/** Runs a sampler as {@link sampleLatent} does and tells each step as a node's event; odd noise in the latent is told and taken as given. */
export async function* toldSampling(
  run: SamplingRun,
  { signal, preview }: { signal: AbortSignal; preview: PreviewKind },
): AsyncGenerator<NodeEvent, SampledLatents, void> {
  const odd = run.sigmas.length < 2 ? undefined : oddNoise(run, run.sigmas[0] ?? 0);
  if (odd !== undefined) yield { kind: 'show', content: { kind: 'text', text: odd } };
  const loop = sampleLatent({ ...run, asGiven: true }, signal);
  for (let next = await loop.next(); ; next = await loop.next()) {
    if (next.done) return next.value;
    yield stepEvent(next.value, run.guider.model, preview);
  }
}
