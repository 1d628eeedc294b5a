import { GraphError, type ModelStore, toProblem, zeros } from '../../nodes/kit/index.ts';

/** A model and a size in pixels that are wanted soon. */
export interface WarmUp {
  readonly model: string;
  readonly width: number;
  readonly height: number;
}

/** Reads `tiny-emoji@128x128`. Throws `bad-value`. */
export function parseWarmUp(text: string): WarmUp {
  const [, model = '', width, height] = /^(.+)@(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  if (model !== '' && Number(width) > 0 && Number(height) > 0) return { model, width: Number(width), height: Number(height) };
  throw new GraphError('bad-value', `--warm-up expects a model and a size such as tiny-emoji@128x128, got “${text}”.`);
}

/**
 * Runs every network of a model once at a size, as a guided sampling run does: weights are loaded, and on a GPU the fastest kernels for these shapes are looked for,
 * which takes seconds at the first run and is remembered.
 */
async function warmUp(models: ModelStore, { model: name, width, height }: WarmUp): Promise<void> {
  const { model, clip, vae } = await models.checkpoint(name);
  const { channels, downscale } = model.latent;
  const dims = [1, channels, Math.ceil(height / downscale), Math.ceil(width / downscale)];
  const [conditioning] = await clip.encode('');
  if (conditioning === undefined) throw new GraphError('internal', 'The text encoder gave nothing.');
  const { tokens, pooled } = conditioning;
  const twice = (x: typeof tokens): typeof tokens => ({ dims: [2, ...x.dims.slice(1)], data: Float32Array.from([...x.data, ...x.data]) });
  await model.predict({
    sample: zeros([2, ...dims.slice(1)]),
    timestep: 1,
    tokens: twice(tokens),
    ...(pooled === undefined ? {} : { pooled: twice(pooled) }),
  });
  await vae.decode(zeros(dims));
}

/** Warms up one model after the other; what fails is given back as sentences, since a job may not need it. */
export async function warmUpAll(models: ModelStore, wanted: readonly WarmUp[]): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const one of wanted) {
    await warmUp(models, one).catch((thrown: unknown) => {
      failures.push(`Warming up ${one.model} at ${one.width}×${one.height} failed: ${toProblem(thrown).message}`);
    });
  }
  return failures;
}
