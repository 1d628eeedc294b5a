// npm run bench -- growth: cost against nodes, length of the queue, size of the picture and batch; a table and docs/images/growth.svg.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './client.mjs';
import { startEngine } from './engine-process.mjs';
import { chain, textToImage } from './graphs.mjs';
import { growthPlot } from './growth-plot.mjs';
import { root } from './processes.mjs';

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Medians over rounds of `measure(x)`, all x in turn in each round. */
async function inTurn(xs, rounds, measure) {
  const found = new Map(xs.map((x) => [x, []]));
  for (let i = -1; i < rounds; i++) {
    for (const x of xs) {
      const value = await measure(x, i);
      if (i >= 0) found.get(x).push(value);
    }
  }
  return xs.map((x) => ({ x, y: median(found.get(x)) }));
}

/** Cost of one unit at each x against that at the first x. */
const relative = (points, units) => points.map(({ x, y }) => ({ x, y: y / units(x) / (points[0].y / units(points[0].x)) }));

async function queueLengths(server, rounds) {
  const client = await connect(server.url);
  let color = 1;
  const points = await inTurn([1, 10, 100, 400], rounds, async (count) => {
    const started = performance.now();
    const all = Array.from({ length: count }, () => client.run(chain(1, color++ % 0xffffff)));
    await Promise.all(all);
    return performance.now() - started;
  });
  client.close();
  return points;
}

/** Loop time against bare runs of the same calls. */
const loopShare = (engine, graphOf) => async (x, i) => {
  const { loop, bare } = await engine.ask('sampled', { graph: graphOf(x, i), bareFirst: false });
  return loop / bare;
};

/** Measures, writes the plot, and reports the last point of each curve. */
export async function benchGrowth({ server, data, rounds, report }) {
  const few = Math.min(rounds, 7);
  const engine = startEngine(data);
  let color = 1;
  const perNode = relative(
    await inTurn([10, 100, 1000, 10_000], few, async (n) => (await engine.ask('run', { graph: chain(n, color++) })).ms),
    (n) => n,
  );
  const sizes = await inTurn(
    [64, 128, 256, 512],
    few,
    loopShare(engine, (size, i) => textToImage({ seed: 7000 + i, steps: 6, size })),
  );
  const batches = await inTurn(
    [1, 2, 4, 8],
    few,
    loopShare(engine, (batch, i) => {
      const graph = textToImage({ seed: 8000 + i, steps: 6, size: 128 });
      graph.latent.inputs.batch_size = batch;
      return graph;
    }),
  );
  await engine.stop();
  const perJob = relative(await queueLengths(server, Math.min(few, 3)), (n) => n);
  const panels = [
    { title: 'a node, of n in a chain, ÷ of 10', unit: 'nodes', points: perNode },
    { title: 'a job, of n queued at once, ÷ alone', unit: 'jobs', points: perJob },
    { title: 'sampling ÷ bare session.run', unit: 'pixels a side', points: sizes },
    { title: 'sampling ÷ bare session.run', unit: 'pictures in a batch', points: batches },
  ];
  mkdirSync(join(root, 'docs/images'), { recursive: true });
  writeFileSync(join(root, 'docs/images/growth.svg'), growthPlot(panels));
  for (const { title, unit, points } of panels) {
    for (const { x, y } of points) report(`${title}, ${x.toLocaleString('en')} ${unit}`, { value: y, low: y, high: y }, '');
  }
}
