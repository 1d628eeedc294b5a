// npm run bench -- queue [--jobs 2000] [--length 50] [--store embedded|memory|postgres://…]
// The same graphs through the queue and in one process without one, in turn; the figure is the ratio of the two times.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { ensureBuilt } from '../scripts/build.mjs';
import { textToImage } from './graphs.mjs';
import { residentMegabytes, startScript, startServer } from './processes.mjs';

const rounds = 10;

/** A user who sends many jobs and waits for their ends. */
async function connect(url) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, ['ld.v1']);
  let waiting = new Map();
  socket.on('message', (data, binary) => {
    const { event } = binary ? {} : JSON.parse(data);
    if (event?.type !== 'state' || !['done', 'failed', 'cancelled'].includes(event.state)) return;
    waiting.get(event.job)?.(event.state);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const send = async (id, workflow) => {
    const answer = await fetch(`${url}/v1/jobs`, { method: 'POST', body: JSON.stringify({ id, workflow }) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  const all = async (graphs, name) => {
    waiting = new Map();
    const ends = graphs.map((_, index) => new Promise((resolve) => waiting.set(`${name}-${index}`, resolve)));
    const started = performance.now();
    const queue = [...graphs.entries()];
    const sender = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await send(`${name}-${next[0]}`, next[1]);
    };
    await Promise.all(Array.from({ length: 8 }, sender));
    const sent = performance.now() - started;
    const states = await Promise.all(ends);
    if (states.some((state) => state !== 'done')) throw new Error(`Not all jobs were done: ${[...new Set(states)].join(', ')}`);
    return { sent, ms: performance.now() - started };
  };
  return { all, close: () => socket.close() };
}

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];

/** How many steps of the sampler take about this long, in ms. */
async function stepsFor(length, direct) {
  const time = async (steps) =>
    (await direct.ask(Array.from({ length: 10 }, (_, i) => textToImage({ seed: 1e6 + steps * 100 + i, steps, size: 64 })))) / 10;
  await time(4);
  const [few, many] = [await time(4), await time(24)];
  return Math.max(1, Math.round(4 + ((length - few) / (many - few)) * 20));
}

/** The whole benchmark; prints a table. */
export async function benchQueue(args) {
  const { values } = parseArgs({
    args,
    options: {
      jobs: { type: 'string', default: '2000' },
      length: { type: 'string', default: '50' },
      store: { type: 'string', default: 'embedded' },
    },
  });
  const count = Math.ceil(Number(values.jobs) / rounds);
  ensureBuilt();
  const data = mkdtempSync(join(tmpdir(), 'litegraph-diffusion-bench-'));
  const direct = startScript('direct.mjs', join(data, 'direct'));
  let server;
  try {
    // A bound that is reached at once: what grows after the first round is something else.
    server = await startServer(join(data, 'server'), '--queue', values.store, '--cache', '0.02');
    const client = await connect(server.url);
    const steps = await stepsFor(Number(values.length), direct);
    const graphs = (round) => Array.from({ length: count }, (_, i) => textToImage({ seed: (round + 1) * count + i, steps, size: 64 }));
    const ratios = [];
    const lengths = [];
    const sending = [];
    const memory = [];
    for (let round = -1; round < rounds; round++) {
      // The first round is for both to get warm.
      const list = round < 0 ? graphs(round).slice(0, 20) : graphs(round);
      const queued = await client.all(list, `round-${round + 1}`);
      const bare = await direct.ask(list);
      memory.push(residentMegabytes(server.pid));
      if (round < 0) continue;
      ratios.push(bare / queued.ms);
      lengths.push(bare / count);
      sending.push(queued.sent / count);
    }
    client.close();
    const [low, high] = [0.25, 0.75].map((share) => sorted(ratios)[Math.floor(ratios.length * share)]);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}, queue ${values.store.replace(/:.*/, '')}\n`);
    console.log('| what | value | middle half | goal |\n|---|---|---|---|');
    console.log(
      `| throughput through the queue ÷ without, ${rounds * count} jobs of ${median(lengths).toFixed(0)} ms | ${median(ratios).toFixed(3)} | ${low.toFixed(3)}…${high.toFixed(3)} | ≥ 0.8 |`,
    );
    console.log(`| accepting a job ÷ running it | ${(median(sending) / median(lengths)).toFixed(3)} | | |`);
    console.log(
      `| memory after the last round ÷ after the first | ${(memory.at(-1) / memory[1]).toFixed(3)} | ${memory.map((mb) => mb.toFixed(0)).join(' ')} MB | ≤ 1.1 |`,
    );
  } finally {
    await server?.stop();
    await direct.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
