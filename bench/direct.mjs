// Runs workflows in this process, without a server and without a queue, as `litegraph-diffusion run` does. Forked by queue.mjs.
import { loadCatalogue, withChoices } from '../dist/server/catalogue.js';
import { openSession } from '../dist/server/engine/session.js';
import { choicesNow } from '../dist/server/files/choices.js';
import { readWorkflow } from '../dist/workflows/index.js';

const [data] = process.argv.slice(2);
const options = { device: 'cpu', models: data, data, cacheBytes: 1e9 };
const { definitions, specs } = await loadCatalogue();
const catalogue = withChoices(specs, await choicesNow(options));
const session = await openSession(options, definitions);

async function run(graph) {
  const { workflow } = readWorkflow(graph, catalogue);
  const running = session.run({ workflow, catalogue, signal: new AbortController().signal });
  for (let next = await running.next(); ; next = await running.next()) {
    if (!next.done) continue;
    if (next.value.end !== 'done') throw new Error(`A run ended as ${next.value.end}.`);
    return;
  }
}

process.on('message', async (graphs) => {
  const started = performance.now();
  for (const graph of graphs) await run(graph);
  process.send(performance.now() - started);
});
