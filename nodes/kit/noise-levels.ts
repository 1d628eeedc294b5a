/**
 * What the network predicts: the noise ε, the velocity v (Salimans & Ho 2022), x₀ itself, the F of a preconditioned network (`edm`, Karras et
 * al. 2022), the velocity ε − x₀ of a straight path (`flow`, Lipman et al. 2022; there x = (1 − σ)·x₀ + σ·ε), or the noise of a latent
 * consistency model (`lcm`, Luo et al. 2023).
 */
export type Prediction = 'epsilon' | 'v_prediction' | 'sample' | 'edm' | 'flow' | 'lcm';

/** β over the training steps and what follows from it. `sigmas[t]` = √((1−ᾱ_t)/ᾱ_t), ascending. */
export interface NoiseSchedule {
  readonly name: string;
  readonly betas: Float64Array;
  readonly alphasCumprod: Float64Array;
  readonly sigmas: Float64Array;
}

/** Maps between a network's timesteps and noise levels. */
export interface ModelSampling {
  readonly prediction: Prediction;
  readonly schedule: NoiseSchedule;
  /** Noise levels of the training steps, ascending; of a model that was trained on a range, points of it. */
  readonly sigmas: Float32Array;
  /** Spread of the data that the network was trained to expect; 1 but for EDM's 0.5. */
  readonly sigmaData: number;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** What the network is told at a noise level: the index of the training step with the nearest log σ, or a number that follows σ. */
  timestep(sigma: number): number;
  /** σ at a timestep, which may lie between training steps. */
  sigma(timestep: number): number;
  /** σ at a share of the way from pure noise (0) to the picture (1); outside of all levels at the ends. */
  percentToSigma(share: number): number;
}
