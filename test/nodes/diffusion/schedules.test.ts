import { describe, expect, it } from 'vitest';
import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { betaCurves, scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import { sigmaScheduleNames, sigmaSchedules, sigmasFor } from '../../../nodes/diffusion/sigma-schedules.ts';
import { failure } from '../../workflows/failure.ts';
import { stableDiffusion } from './fake-model.ts';

const sampling = modelSampling(stableDiffusion, 'epsilon');

describe('training schedules', () => {
  it('of Stable Diffusion span σ from 0.0292 to 14.6146', () => {
    expect(sampling.sigmaMin).toBeCloseTo(0.0291672, 6);
    expect(sampling.sigmaMax).toBeCloseTo(14.6146412, 5);
  });

  it.each(betaCurves)('%s lets the picture fade and the noise grow at every step', (beta_schedule) => {
    const { betas, alphasCumprod, sigmas } = scheduleFromConfig({
      beta_schedule,
      beta_start: 0.0001,
      beta_end: 0.02,
      num_train_timesteps: 400,
    });
    expect([betas.length, alphasCumprod.length, sigmas.length]).toEqual([400, 400, 400]);
    for (let t = 1; t < 400; t++) {
      expect(alphasCumprod[t]).toBeLessThan(alphasCumprod[t - 1] ?? 0);
      expect(sigmas[t]).toBeGreaterThan(sigmas[t - 1] ?? 0);
    }
    expect(betas.every((beta) => beta > 0 && beta <= 0.999)).toBe(true);
  });

  it('has the betas that the papers give', () => {
    const at = (beta_schedule: string) =>
      scheduleFromConfig({ beta_schedule, beta_start: 0.0001, beta_end: 0.02, num_train_timesteps: 1000 }).betas;
    expect(at('linear')[499]).toBeCloseTo(0.0001 + (0.0199 * 499) / 999, 12);
    expect(at('scaled_linear')[499]).toBeCloseTo((0.01 + ((Math.sqrt(0.02) - 0.01) * 499) / 999) ** 2, 12);
    expect(at('cosine')[999]).toBe(0.999);
    expect(at('squaredcos_cap_v2')).toEqual(at('cosine'));
    expect(1 - (at('cosine')[0] ?? 0)).toBeCloseTo(
      Math.cos((0.009 / 1.008) * (Math.PI / 2)) ** 2 / Math.cos((0.008 / 1.008) * (Math.PI / 2)) ** 2,
      12,
    );
  });

  it('refuses what cannot be a schedule', () => {
    const good = { beta_schedule: 'linear', beta_start: 0.1, beta_end: 0.2, num_train_timesteps: 10 };
    for (const bad of [{ beta_schedule: 'cosy' }, { beta_start: 0 }, { beta_end: 0.05 }, { beta_end: 1 }, { num_train_timesteps: 0.5 }])
      expect(failure(() => scheduleFromConfig({ ...good, ...bad })).code).toBe('bad-value');
  });

  it('finds the training step of a noise level, and the level of a step', () => {
    for (const t of [0, 1, 250, 998, 999]) expect(sampling.timestep(stableDiffusion.sigmas[t] ?? 0)).toBe(t);
    expect(sampling.timestep(1e9)).toBe(999);
    expect(sampling.timestep(1e-9)).toBe(0);
    expect(sampling.sigma(250.5)).toBeCloseTo(Math.sqrt((stableDiffusion.sigmas[250] ?? 0) * (stableDiffusion.sigmas[251] ?? 0)), 6);
  });
});

describe('sampling schedules', () => {
  it.each(sigmaScheduleNames)('%s falls to 0, for any number of steps', (name) => {
    for (const steps of [1, 2, 3, 7, 50, 499]) {
      const levels = sigmaSchedules[name](sampling, steps);
      if (name !== 'ddim_uniform' && name !== 'beta') expect(levels).toHaveLength(steps + 1);
      if (name !== 'ddim_uniform') expect(levels[0]).toBeCloseTo(sampling.sigmaMax, 4);
      expect(levels.at(-1)).toBe(0);
      for (let i = 1; i < levels.length; i++) expect(levels[i]).toBeLessThan(levels[i - 1] ?? 0);
    }
  });

  it('keeps the last steps of a longer schedule for less denoise', () => {
    const part = sigmasFor(sampling, { scheduler: 'karras', steps: 4, denoise: 0.4 });
    expect([...part]).toEqual([...sigmaSchedules.karras(sampling, 10).slice(-5)]);
    expect(sigmasFor(sampling, { scheduler: 'normal', steps: 4, denoise: 0 })).toHaveLength(0);
    expect(failure(() => sigmasFor(sampling, { scheduler: 'normal', steps: 0, denoise: 1 })).code).toBe('bad-value');
  });
});
