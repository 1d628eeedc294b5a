// Runs workflows in this process as an engine child does: events gathered, previews encoded, all sent to the parent. Forked by the benchmarks.
// Every call of the runtime's session.run is timed, and can be made again with the same feeds and nothing around it.
import ort from 'onnxruntime-node';
import { loadCatalogue, withChoices } from '../dist/server/catalogue.js';
import { openSession } from '../dist/server/engine/session.js';
import { tellRun } from '../dist/server/engine/tell-run.js';
import { choicesNow } from '../dist/server/files/choices.js';
import { readWorkflow } from '../dist/workflows/index.js';

const [data, models, cacheBytes] = process.argv.slice(2);
const options = { device: 'cpu', models, data, cacheBytes: Number(cacheBytes) };
const { definitions, specs } = await loadCatalogue();
const catalogue = withChoices(specs, await choicesNow(options));
const session = await openSession(options, definitions);

let calls = [];
let inside = 0;
/** Answers of the U-Net by the shape of its input, given again at once while `instant`. */
const known = new Map();
let instant = false;
const { run: bareRun } = ort.InferenceSession.prototype;
ort.InferenceSession.prototype.run = async function run(feeds) {
  const shape = 'timestep' in feeds ? feeds.sample.dims.join() : undefined;
  if (instant && known.has(shape)) return known.get(shape);
  const started = performance.now();
  const results = await bareRun.call(this, feeds);
  inside += performance.now() - started;
  calls.push([this, feeds]);
  if (shape !== undefined) known.set(shape, results);
  return results;
};

/** One run; ms in all, of each node, of planning and of session.run, and how many previews were made. */
async function timed({ graph, fresh = false }) {
  calls = [];
  inside = 0;
  const nodes = {};
  let end = '';
  let previews = 0;
  const send = (message) => {
    process.send(message);
    if (message.type === 'preview') previews++;
    if (message.type === 'ended') end = message.end;
    if (message.type === 'events') for (const event of message.events) if (event.type === 'finished') nodes[event.node] = event.ms;
  };
  const started = performance.now();
  const { workflow } = readWorkflow(graph, catalogue);
  const read = performance.now() - started;
  const { signal } = new AbortController();
  await tellRun(async () => session.run({ workflow, catalogue, signal, fresh }), { job: 'bench', signal, send });
  const ms = performance.now() - started;
  if (end !== 'done') throw new Error(`A run ended as ${end}.`);
  return { ms, read, nodes, inside, previews };
}

/** The runs of the U-Net that the last run made, again with the same feeds, one right after the other; ms. */
async function replayed() {
  const again = calls.filter(([, feeds]) => 'timestep' in feeds);
  const started = performance.now();
  for (const [opened, feeds] of again) await bareRun.call(opened, feeds);
  return performance.now() - started;
}

/** Sampler loop and bare runs of the same calls, in this order or the other way round (those of the run before); ms. */
async function sampled({ graph, bareFirst }) {
  const before = bareFirst ? await replayed() : undefined;
  const { nodes, previews } = await timed({ graph });
  return { loop: nodes.loop, bare: before ?? (await replayed()), previews };
}

/** `count` calls of a node's own function, without an engine; ms. */
async function bareNode({ type, inputs, count }) {
  const definition = definitions.get(type);
  const started = performance.now();
  for (let i = 0; i < count; i++) await definition.run(inputs, {});
  return performance.now() - started;
}

/** Many short runs, each of another seed; resident and used bytes after each `every`. */
async function memory({ graphs, every }) {
  const seen = [];
  for (const [i, graph] of graphs.entries()) {
    await timed({ graph });
    if ((i + 1) % every !== 0) continue;
    calls = [];
    globalThis.gc();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    seen.push({ rss, used: heapUsed + arrayBuffers });
  }
  return seen;
}

/** The sampler loop with a network that answers at once; ms. */
async function withoutNetwork({ graph }) {
  instant = true;
  const { nodes } = await timed({ graph });
  instant = false;
  return nodes.loop;
}

const tasks = { withoutNetwork, run: timed, sampled, bareNode, memory };

process.on('message', async ({ task, ...message }) => process.send({ type: 'answer', answer: await tasks[task](message) }));
process.on('disconnect', () => process.exit(0));
