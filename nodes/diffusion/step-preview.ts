import { type DiffusionModel, type NodeEvent, type Picture, type SampleStep, scale, type Tensor } from '../kit/index.ts';
import { impliedNoise } from './parameterisation.ts';

/** What a running sampler shows in its node. */
export const previewKinds = ['x̂₀ clean', 'xₜ noisy', 'ε noise', 'off'] as const;
export type PreviewKind = (typeof previewKinds)[number];

function shown(kind: PreviewKind, { x, denoised, sigma }: SampleStep): Tensor {
  if (kind === 'xₜ noisy') return scale(x, 1 / Math.sqrt(1 + sigma * sigma));
  return kind === 'ε noise' ? impliedNoise(x, denoised, sigma) : denoised;
}

/** A step of a loop, as a node tells it. */
export type StepEvent = Extract<NodeEvent, { kind: 'step' }>;

/** A step as a node tells it; the picture is made only if somebody looks. */
export function stepEvent(step: SampleStep, model: DiffusionModel, kind: PreviewKind): StepEvent {
  const { index, total, sigma } = step;
  const event = { kind: 'step', index: index + 1, total, sigma } as const;
  return kind === 'off' ? event : { ...event, preview: (): Picture => model.preview(shown(kind, step)) };
}
