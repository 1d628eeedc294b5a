// Runs workflows in this process as an engine child does: events gathered, previews encoded, all sent to the parent. Forked by the benchmarks.
// Every call of the runtime's session.run is timed, and can be made again with the same feeds and nothing around it.
import ort from 'onnxruntime-node';
import { loadCatalogue, withChoices } from '../dist/server/catalogue.js';
import { openSession } from '../dist/server/engine/session.js';
import { tellRun } from '../dist/server/engine/tell-run.js';
import { choicesNow } from '../dist/server/files/choices.js';
import { readWorkflow } from '../dist/workflows/index.js';

const [data, cacheBytes = '1e9'] = process.argv.slice(2);
const options = { device: 'cpu', models: data, data, cacheBytes: Number(cacheBytes) };
const { definitions, specs } = await loadCatalogue();
const catalogue = withChoices(specs, await choicesNow(options));
const session = await openSession(options, definitions);

let calls = [];
let inside = 0;
const { run: bareRun } = ort.InferenceSession.prototype;
ort.InferenceSession.prototype.run = async function run(feeds) {
  const started = performance.now();
  const results = await bareRun.call(this, feeds);
  inside += performance.now() - started;
  calls.push([this, feeds]);
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

/** The session.run calls of the last run that had four-dimensional inputs and a time step, one after the other; ms. */
async function replayed() {
  const again = calls.filter(([, feeds]) => 'timestep' in feeds);
  const started = performance.now();
  for (const [opened, feeds] of again) await bareRun.call(opened, feeds);
  return performance.now() - started;
}

const tasks = {
  run: timed,
  replay: replayed,
  memory: () => {
    globalThis.gc?.();
    return process.memoryUsage();
  },
};

process.on('message', async ({ task, ...message }) => process.send({ type: 'answer', answer: await tasks[task](message) }));
