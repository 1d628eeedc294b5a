import { describe, expect, it } from 'vitest';
import { sigmaScheduleNames, sigmaSchedules } from '../../../nodes/diffusion/sigma-schedules.ts';
import type { ModelSampling, NodeDefinition } from '../../../nodes/kit/index.ts';
import alignYourSteps from '../../../nodes/schedule/align-your-steps-scheduler.node.ts';
import betaSampling from '../../../nodes/schedule/beta-sampling-scheduler.node.ts';
import exponential from '../../../nodes/schedule/exponential-scheduler.node.ts';
import gits from '../../../nodes/schedule/gits-scheduler.node.ts';
import karras from '../../../nodes/schedule/karras-scheduler.node.ts';
import laplace from '../../../nodes/schedule/laplace-scheduler.node.ts';
import polyexponential from '../../../nodes/schedule/polyexponential-scheduler.node.ts';
import turbo from '../../../nodes/schedule/sd-turbo-scheduler.node.ts';
import vp from '../../../nodes/schedule/vp-scheduler.node.ts';
import reference from '../../reference/schedules.json' with { type: 'json' };
import { context, fakeModel } from './fake-model.ts';
import { modelTables } from './model-tables.ts';

/** How far apart two lists are, relative to the reference; levels below `floor` count absolutely. */
function apartBy(ours: ArrayLike<number>, theirs: readonly (number | null)[], floor = 1e-4): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  return theirs.reduce<number>((most, wanted, i) => {
    if (wanted === null) return most;
    return Math.max(most, Math.abs((ours[i] ?? Number.NaN) - wanted) / Math.max(Math.abs(wanted), floor));
  }, 0);
}

const tables = Object.entries(reference.tables);
const tableOf = (name: string): ModelSampling => {
  const found = modelTables[name];
  if (found === undefined) throw new Error(`There is no table ${name}.`);
  return found;
};

describe('noise levels of models', () => {
  it.each(tables)('%s are the reference’s', (name, { probes }) => {
    const sampling = tableOf(name);
    expect(sampling.sigmas).toHaveLength(probes.length);
    const marked = probes.marks.map((mark) => sampling.sigmas[mark] ?? 0);
    expect(apartBy(marked, probes.sigmas.slice(0, marked.length))).toBeLessThan(1e-5);
    expect(
      apartBy(
        probes.sigmas.map((sigma) => sampling.timestep(sigma)),
        probes.timesteps,
      ),
    ).toBeLessThan(1e-5);
    for (const [share, wanted] of Object.entries(probes.percents))
      expect(apartBy([sampling.percentToSigma(Number(share))], [wanted]), share).toBeLessThan(1e-5);
  });
});

describe.each(tables)('schedules over %s', (name, { schedules }) => {
  it.each(sigmaScheduleNames)('%s equals the reference', (schedule) => {
    for (const [steps, wanted] of Object.entries(schedules[schedule])) {
      const levels = sigmaSchedules[schedule](tableOf(name), Number(steps));
      expect(levels.every(Number.isFinite)).toBe(true);
      expect(apartBy(levels, wanted), `${steps} steps: ${levels} instead of ${wanted}`).toBeLessThan(1e-5);
    }
  });
});

const nodes: Readonly<Record<string, NodeDefinition>> = Object.fromEntries(
  [karras, exponential, polyexponential, laplace, vp, betaSampling, turbo, alignYourSteps, gits].map((node) => [node.type, node]),
);

describe('scheduler nodes', () => {
  it.each(reference.nodes.map((made) => [`${made.node} ${JSON.stringify(made.inputs)}`, made] as const))('%s', async (_, made) => {
    const result = await nodes[made.node]?.run({ model: fakeModel(), ...made.inputs }, context());
    const levels = result && 'SIGMAS' in result ? result.SIGMAS : undefined;
    if (!(levels instanceof Float32Array)) throw new Error('It gives sigmas.');
    expect(apartBy(levels, made.sigmas), `${levels} instead of ${made.sigmas}`).toBeLessThan(1e-5);
  });
});
