import { inForm, networkScale } from '../diffusion/noisy-latents.ts';
import { binMiddles, densityOf, type Moments, momentsOf } from '../diffusion/statistics.ts';
import { defineNode, float, type Latent, latent, type NodeEvent, optional, type Plot, scale, text } from '../kit/index.ts';

const bins = 60;
const least = 1e-6;

interface Named {
  readonly name: string;
  readonly data: Float32Array;
  readonly moments: Moments;
}

function measured(latent: Latent, name: string): Named {
  const { data } = scale(inForm(latent, 'preserving').samples, networkScale(latent));
  return { name, data, moments: momentsOf(data) };
}

function histogram(sets: readonly Named[]): Plot {
  const low = Math.min(...sets.map(({ moments }) => moments.min));
  const high = Math.max(...sets.map(({ moments }) => moments.max), low + least);
  const range = { low, high, bins };
  const curves = sets.map(({ name, data, moments: { mean, std } }) => ({
    label: `${name}: mean ${mean.toFixed(3)}, std ${std.toFixed(3)}`,
    y: densityOf(data, range),
  }));
  return { title: 'histogram of values', xLabel: 'value', x: binMiddles(range), panels: [{ label: 'density', curves }] };
}

/** Mean, spread and histogram of a latent's values. */
export default defineNode({
  type: 'LatentStatistics',
  title: 'Latent statistics',
  category: 'latent',
  effect: 'show',
  help: 'Draws how the values of a latent are spread, with their mean and standard deviation (std); with a second latent beside it. Noisy latents are measured as the network sees them.',
  inputs: {
    samples: latent({ label: 'latent', help: 'What to measure.' }),
    other: optional(latent({ label: 'other', help: 'A second latent to compare with.' })),
    name: text({ label: 'name', advanced: true, default: 'first', help: 'What to call the first one in the drawing.' }),
    other_name: text({ label: 'other name', advanced: true, default: 'second', help: 'What to call the second one.' }),
  },
  outputs: {
    mean: float({ label: 'mean', help: 'Mean of the first latent.', default: 0, min: -1e9, max: 1e9 }),
    std: float({ label: 'std', help: 'Standard deviation of the first latent.', default: 0, min: 0, max: 1e9 }),
  },
  async *run({ samples, other, name, other_name }): AsyncGenerator<NodeEvent, { mean: number; std: number }, void> {
    const first = measured(samples, name);
    const sets = other === undefined ? [first] : [first, measured(other, other_name)];
    yield { kind: 'show', content: { kind: 'plot', plot: histogram(sets) } };
    return { mean: first.moments.mean, std: first.moments.std };
  },
});
