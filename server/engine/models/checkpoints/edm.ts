import type { ContinuousRange } from '../../../../nodes/diffusion/continuous-sampling.ts';
import type { LatentFormat } from '../../../../nodes/kit/index.ts';
import { readFloats, type SafetensorsFile } from '../safetensors/file.ts';

/** How a model was trained on a range of noise levels instead of steps (Karras et al. 2022), and what it changes in the latents. */
export interface EdmTraining {
  readonly range: ContinuousRange;
  readonly latent: Partial<Pick<LatentFormat, 'scale' | 'statistics'>>;
}

const usual = { sigmaMin: 0.002, sigmaMax: 80, sigmaData: 0.5 } as const;

/** What a single file says by keys of its own: Playground 2.5 names the statistics of its latents, CosXL its largest level. */
export async function edmOf({ tensors }: SafetensorsFile): Promise<EdmTraining | undefined> {
  const values = async (key: string): Promise<readonly number[] | undefined> => {
    const tensor = tensors.get(key);
    return tensor && [...(await readFloats({ ...tensor, shape: [1, ...tensor.shape] }))];
  };
  const [mean, deviation] = [await values('edm_mean'), await values('edm_std')];
  if (mean !== undefined && deviation !== undefined)
    return { range: { prediction: 'edm', ...usual }, latent: { scale: usual.sigmaData, statistics: { mean, deviation } } };
  const [sigmaMax] = (await values('edm_vpred.sigma_max')) ?? [];
  if (sigmaMax === undefined) return undefined;
  const [sigmaMin = usual.sigmaMin] = (await values('edm_vpred.sigma_min')) ?? [];
  return { range: { prediction: 'v_prediction', sigmaMin, sigmaMax, sigmaData: 1 }, latent: {} };
}

/** What a folder's scheduler says; of diffusers' EDM schedulers “epsilon” is EDM's own output. */
export function edmRange(scheduler: {
  readonly _class_name?: string | undefined;
  readonly prediction_type: string;
  readonly sigma_min?: number | null | undefined;
  readonly sigma_max?: number | null | undefined;
  readonly sigma_data?: number | null | undefined;
}): ContinuousRange | undefined {
  if (scheduler._class_name?.startsWith('EDM') !== true) return undefined;
  return {
    prediction: scheduler.prediction_type === 'v_prediction' ? 'v_prediction' : 'edm',
    sigmaMin: scheduler.sigma_min ?? usual.sigmaMin,
    sigmaMax: scheduler.sigma_max ?? usual.sigmaMax,
    sigmaData: scheduler.sigma_data ?? usual.sigmaData,
  };
}
