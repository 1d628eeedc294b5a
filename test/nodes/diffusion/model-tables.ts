import { edmSampling, exponentialFlow, shiftedFlow } from '../../../nodes/diffusion/continuous-sampling.ts';
import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import type { ModelSampling } from '../../../nodes/kit/index.ts';

const discrete = (beta_schedule: string, settings: { steps?: number; zero?: boolean; start?: number; end?: number } = {}): ModelSampling =>
  modelSampling(
    scheduleFromConfig({
      beta_schedule,
      beta_start: settings.start ?? 0.00085,
      beta_end: settings.end ?? 0.012,
      num_train_timesteps: settings.steps ?? 1000,
      rescale_betas_zero_snr: settings.zero ?? false,
    }),
    'epsilon',
  );

/** The tables of test/reference/model_tables.py. */
export const modelTables: Readonly<Record<string, ModelSampling>> = {
  'scaled_linear 1000': discrete('scaled_linear'),
  'scaled_linear 1000 zero-SNR': discrete('scaled_linear', { zero: true }),
  'scaled_linear 77': discrete('scaled_linear', { steps: 77 }),
  'linear 1000': discrete('sqrt_linear', { start: 1e-4, end: 2e-2 }),
  'cosine 1000': discrete('cosine'),
  'cosine 130': discrete('cosine', { steps: 130 }),
  'flow 3': shiftedFlow(3),
  'flux 1.15': exponentialFlow(1.15),
  edm: edmSampling({ prediction: 'edm', sigmaMin: 0.002, sigmaMax: 80, sigmaData: 0.5 }),
};
