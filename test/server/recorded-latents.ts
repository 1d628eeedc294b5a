import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type TinyModel, writeTinyFolder } from '../engine/tiny-models.ts';
import { Program } from './program.ts';
import { temporaryFolder } from './rig.ts';

/** A latent of a reference: its shape, its standard deviation, and values at even distances in it. */
export const recordedLatent = { dims: z.array(z.int()), spread: z.number(), values: z.array(z.number()) };
type Recorded = z.infer<z.ZodObject<typeof recordedLatent>>;

const Printed = z.record(z.string(), z.object({ dims: z.array(z.int()), data: z.array(z.number()) }));
const Report = z.object({ status: z.string(), printed: Printed, errors: z.array(z.object({ message: z.string() })) });

/** A run of a graph, and the node whose first output is the recorded latent. */
export interface RecordedRun {
  readonly title: string;
  readonly node: string;
  readonly recorded: Recorded;
}

/** The largest difference from the reference's values, as a share of its latent's spread. */
function apart(data: readonly number[], { values, spread }: Recorded): number {
  const found = values.map((value, i) => Math.abs(value - (data[Math.floor((i * data.length) / values.length)] ?? Number.NaN)));
  return Math.max(...found) / spread;
}

/** Runs a graph once through the command line with these tiny models; one test for each latent: within 1e-3 of its spread. */
export function equalRecorded(runs: readonly RecordedRun[], { graph, models }: { graph: string; models: Iterable<TinyModel> }): void {
  let data = '';
  let report: z.infer<typeof Report>;
  beforeAll(async () => {
    data = await temporaryFolder();
    for (const name of models) await writeTinyFolder(name, join(data, 'tiny'));
    const prints = runs.flatMap(({ node }) => ['--print', `${node}.0`]);
    const args = ['--data', data, '--models', join(data, 'tiny'), '--device', 'cpu', '--json', ...prints];
    const { output, errors } = await new Program('run', '-', ...args).ended(graph);
    expect(output, errors).not.toBe('');
    report = Report.parse(JSON.parse(output));
  }, 240_000);
  afterAll(() => rm(data, { recursive: true, force: true }));

  it('in a run without errors', () => {
    expect(report.errors.map(({ message }) => message)).toEqual([]);
    expect(report.status).toBe('done');
  });

  it.each(runs.map((run): [string, RecordedRun] => [run.title, run]))('%s', (_, { node, recorded }) => {
    const found = report.printed[`${node}.0`];
    expect(found?.dims).toEqual(recorded.dims);
    expect(apart(found?.data ?? [], recorded)).toBeLessThan(1e-3);
  });
}
