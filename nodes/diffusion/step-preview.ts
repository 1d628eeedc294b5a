import { type DiffusionModel, type NodeEvent, type Picture, type SampleStep, type StepPictures, scale, type Tensor } from '../kit/index.ts';
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

/** The clean guess by the model's small decoder, or, where that fails, as the others; undefined where there is none. */
function decoded(step: SampleStep, model: DiffusionModel, kind: PreviewKind): Promise<Picture> | undefined {
  if (kind !== 'x̂₀ clean') return undefined;
  return model.decodedPreview?.(step.denoised)?.then((picture) => picture ?? model.preview(step.denoised));
}

/** A step as a node tells it; pictures are made only if somebody looks, or for a recording. */
export function stepEvent(step: SampleStep, model: DiffusionModel, kind: PreviewKind): StepEvent {
  const { index, total, sigma } = step;
  const look = (of: Exclude<PreviewKind, 'off'>): Picture => model.preview(shown(of, step));
  const record = (): StepPictures => ({ noisy: look('xₜ noisy'), noise: look('ε noise'), clean: look('x̂₀ clean') });
  const event = { kind: 'step', index: index + 1, total, sigma, record } as const;
  return kind === 'off' ? event : { ...event, preview: () => decoded(step, model, kind) ?? look(kind) };
}
