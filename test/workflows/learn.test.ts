import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingStep } from '../../nodes/diffusion/forward-process.ts';
import { posteriorWeights } from '../../nodes/diffusion/posterior.ts';
import { meanSquaredError, momentsOf } from '../../nodes/diffusion/statistics.ts';
import {
  type Content,
  combine,
  type Latent,
  type NoiseSchedule,
  type Plot,
  type PointMixture,
  sliceBatch,
  type Tensor,
} from '../../nodes/kit/index.ts';
import { loadCatalogue, withChoices } from '../../server/catalogue.ts';
import { type EngineSession, openSession } from '../../server/engine/session.ts';
import { plan, readGraph, readWorkflow, specOfType, type Workflow } from '../../workflows/index.ts';

const folder = join(import.meta.dirname, '../../workflows');
const lessons = (await readdir(join(folder, 'learn'))).filter((name) => name.endsWith('.json')).sort();
const loaded = await loadCatalogue();
const catalogue = withChoices(loaded.specs, { checkpoints: ['tiny-emoji'], inputImages: ['example.png'] });
let data = '';
let session: EngineSession;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'learn-'));
  for (const name of ['input', 'output', 'cache']) await mkdir(join(data, name), { recursive: true });
  await copyFile(join(folder, 'example.png'), join(data, 'input/example.png'));
  session = await openSession({ device: 'cpu', models: data, data, cacheBytes: 2 ** 28 }, loaded.definitions);
});
afterAll(async () => {
  await session.close();
  await rm(data, { recursive: true, force: true });
});

/** A finished lesson: what its nodes gave and showed, by title or type. */
interface Lesson {
  readonly workflow: Workflow;
  readonly end: string;
  readonly problems: readonly unknown[];
  readonly shown: ReadonlyMap<string, Content>;
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

const nameOf = ({ workflow }: { workflow: Workflow }, id: string): string => {
  const node = workflow.nodes.get(id);
  return node?.title ?? node?.type ?? id;
};

/** Each lesson is run once; the tests below look at what came out. */
const runs = new Map<string, Promise<Lesson>>();

function lessonOf(number: number): Promise<Lesson> {
  const name = lessons[number - 1] ?? '';
  const run = runs.get(name) ?? runLesson(name);
  runs.set(name, run);
  return run;
}

async function runLesson(name: string): Promise<Lesson> {
  const { workflow } = readWorkflow(await readFile(join(folder, 'learn', name), 'utf8'), catalogue);
  const keep = new Set(plan(workflow, catalogue).tasks.map(({ id }) => id));
  const running = session.run({ workflow, catalogue, keep, signal: new AbortController().signal });
  const shown = new Map<string, Content>();
  const problems: unknown[] = [];
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) {
      const outputs = new Map([...next.value.results].map(([id, result]) => [nameOf({ workflow }, id), result.outputs]));
      return { workflow, end: next.value.end, problems, shown, outputs };
    }
    if (next.value.type === 'shown') shown.set(nameOf({ workflow }, next.value.node), next.value.content);
    if (next.value.type === 'problem') problems.push(next.value.problem);
  }
}

const isLatent = (value: unknown): value is Latent => typeof value === 'object' && value !== null && 'samples' in value;

function latent(lesson: Lesson, node: string, output: string): Latent {
  const value = lesson.outputs.get(node)?.[output];
  if (!isLatent(value)) throw new Error(`${node}.${output} is no latent.`);
  return value;
}

const isSchedule = (value: unknown): value is NoiseSchedule => typeof value === 'object' && value !== null && 'alphasCumprod' in value;

function schedule(lesson: Lesson, node: string): NoiseSchedule {
  const value = lesson.outputs.get(node)?.NOISE_SCHEDULE;
  if (!isSchedule(value)) throw new Error(`${node} gives no schedule.`);
  return value;
}

function plotOf(lesson: Lesson, node: string): Plot {
  const content = lesson.shown.get(node);
  if (content?.kind !== 'plot') throw new Error(`${node} shows no plot.`);
  return content.plot;
}

/** A picture that a node showed, with its labels. */
async function picture(
  lesson: Lesson,
  node: string,
): Promise<{ pixels: Buffer; width: number; height: number; columns: readonly string[]; rows: readonly string[] }> {
  const content = lesson.shown.get(node);
  if (content?.kind !== 'images' || content.files[0] === undefined) throw new Error(`${node} shows no picture.`);
  const [{ name, width, height }] = content.files;
  const pixels = await sharp(join(data, 'cache/preview', name))
    .raw()
    .toBuffer();
  return { pixels, width, height, columns: content.labels?.columns ?? [], rows: content.labels?.rows ?? [] };
}

const last = (curve: readonly number[]): number => curve.at(-1) ?? Number.NaN;
const curve = (plot: Plot, panel: number): readonly number[] => plot.panels[panel]?.curves[0]?.y ?? [];

it('there are eleven lessons, each with a note in its graph', async () => {
  expect(lessons.map((name) => Number(name.slice(0, 2)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  for (const name of lessons) {
    const { nodes } = readGraph(await readFile(join(folder, 'learn', name), 'utf8'), catalogue).graph;
    const note = nodes.find(({ type }) => type === 'diffusion/Note')?.properties.text;
    expect(String(note).length).toBeGreaterThan(200);
  }
});

describe('each lesson', () => {
  it.each(lessons)('%s runs to its end, and every node that shows something shows it', async (name) => {
    const lesson = await lessonOf(lessons.indexOf(name) + 1);
    expect(lesson.problems).toEqual([]);
    expect(lesson.end).toBe('done');
    const showing = [...lesson.workflow.nodes.values()].filter(({ type }) => specOfType(type, catalogue)?.effect === 'show');
    expect(showing.length).toBeGreaterThan(0);
    for (const { id } of showing) expect(lesson.shown.has(nameOf(lesson, id))).toBe(true);
  });
});

const item = (x: Latent, index: number): Tensor => sliceBatch(x.samples, index, 1);
const count = (x: Latent): number => x.samples.dims[0] ?? 0;

describe('what the lessons say is so', () => {
  it('1: both ways to x_t have the mean and the spread of the closed form', async () => {
    const lesson = await lessonOf(1);
    const x0 = momentsOf(latent(lesson, 'ImageToLatent', 'LATENT').samples.data);
    const { alphaBar } = trainingStep(schedule(lesson, 'NoiseSchedule'), 250);
    for (const way of ['In one go', 'Step by step']) {
      const { mean, std } = momentsOf(latent(lesson, way, 'x_t').samples.data);
      expect(mean).toBeCloseTo(Math.sqrt(alphaBar) * x0.mean, 1);
      expect(std / Math.sqrt(alphaBar * x0.std ** 2 + 1 - alphaBar)).toBeCloseTo(1, 1.5);
    }
    const { columns, pixels, width } = await picture(lesson, 'x_t from t = 0 to 999');
    expect([columns[0], columns.at(-1), columns.length]).toEqual(['t = 0', 't = 999', 9]);
    // The first frame is the picture on white, the last one noise.
    const spread = (from: number, to: number): number =>
      momentsOf(
        Array.from({ length: 40 }, (_, y) => y + 30).flatMap((y) => [...pixels.subarray(3 * (y * width + from), 3 * (y * width + to))]),
      ).std;
    expect(spread(width - 20, width - 4)).toBeGreaterThan(3 * spread(4, 10));
  });

  it('2: cosine keeps more of the picture than linear at every t between the ends', async () => {
    const lesson = await lessonOf(2);
    const [linear, cosine] = [schedule(lesson, 'Linear'), schedule(lesson, 'Cosine')];
    for (const t of [200, 400, 600, 800]) expect(trainingStep(cosine, t).alphaBar).toBeGreaterThan(trainingStep(linear, t).alphaBar);
    expect(curve(plotOf(lesson, 'Linear'), 1)[50]).toBeCloseTo(trainingStep(linear, 500).alphaBar, 1);
    expect(await picture(lesson, 'The same t under both')).toMatchObject({ rows: ['linear', 'cosine'], columns: { length: 8 } });
  });

  it('3: x̂₀ grows worse with t, the loss smaller, and far below that of guessing nothing', async () => {
    const lesson = await lessonOf(3);
    const x0 = latent(lesson, 'VAEEncode', 'LATENT').samples;
    const guesses = latent(lesson, 'PredictNoise', 'denoised');
    const errors = Array.from({ length: 5 }, (_, i) => meanSquaredError(item(guesses, i), x0));
    expect(errors[4]).toBeGreaterThan(2 * (errors[0] ?? 0));
    const loss = curve(plotOf(lesson, 'TrainingLoss'), 0);
    expect(loss).toHaveLength(20);
    expect(last(loss)).toBeLessThan(0.1 * (loss[0] ?? 0));
    expect(lesson.outputs.get('TrainingLoss')?.mean).toBeLessThan(0.3);
  });

  it('4: both walks begin with the same guess and part at the first draw', async () => {
    const lesson = await lessonOf(4);
    const at = (node: string, output: string) => latent(lesson, node, output).samples;
    expect(meanSquaredError(at('DDIM 1', 'denoised'), at('DDPM 1', 'denoised'))).toBeLessThan(1e-9);
    expect(meanSquaredError(at('DDIM 1', 'latent'), at('DDPM 1', 'latent'))).toBeGreaterThan(1e-3);
    expect(latent(lesson, 'DDIM 5', 'latent').noise).toBeUndefined();
    expect(latent(lesson, 'DDPM 5', 'latent').noise).toBeUndefined();
  });

  it('5: the guided guess is the plain one and four times the difference', async () => {
    const lesson = await lessonOf(5);
    const at = (node: string) => latent(lesson, node, 'noise').samples;
    const [plain, wanted, guided] = [at('ε̂ without prompt'), at('ε̂ with prompt'), at('ε̂ guided')];
    expect(meanSquaredError(guided, combine(4, wanted, -3, plain))).toBeLessThan(1e-6);
    expect((await picture(lesson, 'cfg 1 … 8')).columns).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((cfg) => `cfg ${cfg}`));
  });

  it('6: there is a map for each word at each step', async () => {
    const { columns, rows, width, height } = await picture(await lessonOf(6), 'AttentionMaps');
    // Rare words are cut into parts.
    expect(columns[0]).toBe('x̂₀');
    expect(columns.slice(1).join('')).toBe('smilingfacewithsunglasses');
    expect(rows).toHaveLength(5);
    expect([width, height]).toEqual([columns.length * 132, 5 * 132]);
  });

  it('7: the latent is 48 times smaller and comes back nearly the same', async () => {
    const lesson = await lessonOf(7);
    expect(lesson.outputs.get('SizeRatio')?.ratio).toBe(48);
    expect(lesson.outputs.get('ErrorMap')?.error).toBeLessThan(10 ** -2.5);
    expect((await picture(lesson, 'The four channels')).columns).toHaveLength(4);
    expect(lesson.shown.get('Before and after')).toMatchObject({ compare: true, files: { length: 2 } });
  });

  it('8: more steps come nearer to the many-step picture, and take longer', async () => {
    const lesson = await lessonOf(8);
    const all = latent(lesson, 'SamplerGrid', 'LATENT');
    const distances = [0, 1, 2, 3, 4].map((i) => meanSquaredError(item(all, i), item(all, 5)));
    expect(distances[4]).toBeLessThan((distances[0] ?? 0) / 10);
    expect([...distances].sort((a, b) => b - a)).toEqual(distances);
    expect(plotOf(lesson, 'Time').x).toEqual([1, 2, 4, 8, 16, 50]);
  });

  it('9: the same noise gives the same picture again, another noise another', async () => {
    const lesson = await lessonOf(9);
    const all = latent(lesson, 'SamplerGrid', 'LATENT');
    expect(count(all)).toBe(16);
    expect(meanSquaredError(item(all, 0), item(all, 1))).toBeGreaterThan(1e-4);
    expect(meanSquaredError(item(all, 0), item(all, 4))).toBeGreaterThan(1e-2);
  });

  it('10: the two means differ by the error of x̂₀ alone, and the bound is the weighted loss', async () => {
    const lesson = await lessonOf(10);
    const [known, guessed] = [latent(lesson, 'μ̃: x₀ known', 'mean'), latent(lesson, 'μ_θ: x̂₀ guessed', 'mean')];
    const [x0, guesses] = [latent(lesson, 'VAEEncode', 'LATENT').samples, latent(lesson, 'PredictNoise', 'denoised')];
    [150, 350, 550, 750, 950].forEach((t, i) => {
      const { x0: weight } = posteriorWeights(schedule(lesson, 'NoiseSchedule'), { t, s: t - 100 });
      const difference = combine(1, item(known, i), -1, item(guessed, i));
      expect(meanSquaredError(difference, combine(weight, x0, -weight, item(guesses, i)))).toBeLessThan(1e-9);
    });
    const bound = plotOf(lesson, 'VariationalBound');
    const sum = curve(bound, 0).map((loss, i) => loss + (curve(bound, 1)[i] ?? 0));
    for (const [i, value] of curve(bound, 2).entries()) expect(value).toBeCloseTo(sum[i] ?? Number.NaN, 6);
  });

  it('11: nothing of the drop is left at the end, and both ways back find it again', async () => {
    const lesson = await lessonOf(11);
    const { mean, std } = momentsOf(latent(lesson, 'Nothing but noise', 'x_t').samples.data);
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(std).toBeCloseTo(1, 1);
    const mixture = lesson.outputs.get('PointCloud')?.distribution;
    if (!isMixture(mixture)) throw new Error('The cloud gives no distribution.');
    for (const way of ['Back by Euler', 'Back by DDPM']) {
      const { data: found, dims } = latent(lesson, way, 'output').samples;
      const points = dims[3] ?? 0;
      const far = Array.from({ length: points }, (_, i) => nearest(mixture, [found[i] ?? 0, found[i + points] ?? 0]));
      expect(momentsOf(far).mean).toBeLessThan(0.08);
    }
  });
});

const isMixture = (value: unknown): value is PointMixture => typeof value === 'object' && value !== null && 'centres' in value;

/** How far a point is from the outline. */
function nearest({ centres }: PointMixture, [x, y]: readonly [number, number]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < centres.length; k += 2) least = Math.min(least, Math.hypot(x - (centres[k] ?? 0), y - (centres[k + 1] ?? 0)));
  return least;
}
