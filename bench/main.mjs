// npm run bench [-- editor | engine | growth | samplers | start] [-- --rounds N] [-- --peer comfyui PATH | --peer diffusers [FOLDER]]
// engine takes --runs N: how many runs memory is watched over.
// npm run bench -- queue [--jobs N] [--length MS] [--store embedded|memory|postgres://…]
// Every figure is a ratio of two times taken in turn in this run; medians over the rounds.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../scripts/build.mjs';
import { connect, connectEcho } from './client.mjs';
import { connectComfy } from './comfyui.mjs';
import { benchDiffusers } from './diffusers.mjs';
import { editorFrames } from './editor.mjs';
import { chain, textToImage } from './graphs.mjs';
import { benchGrowth } from './growth.mjs';
import { benchEngine } from './inside.mjs';
import { freePort, residentMegabytes, root, startComfy, startScript, startServer } from './processes.mjs';
import { benchQueue } from './queue.mjs';
import { benchStart } from './startup.mjs';

if (process.argv[2] === 'queue') {
  await benchQueue(process.argv.slice(3));
  process.exit();
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, runs: { type: 'string', default: '2000' }, peer: { type: 'string' } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const refuse = (sentence) => {
  console.error(sentence);
  process.exit(2);
};
const runs = Number(values.runs);
if (!Number.isInteger(runs / 10) || runs < 100) refuse('--runs wants a multiple of ten from 100 up.');
if (!Number.isInteger(rounds) || rounds < 3) refuse('--rounds wants a whole number from 3 up.');
const subject = values.peer === undefined ? positionals[0] : undefined;
const subjects = ['editor', 'engine', 'growth', 'samplers', 'start'];
const usage = `Usage: npm run bench [-- ${subjects.join(' | ')} | --peer comfyui PATH | --peer diffusers [FOLDER]]`;
if (values.peer === undefined && (positionals.length > 1 || !(subject === undefined || subjects.includes(subject)))) refuse(usage);
if (values.peer !== undefined && !(values.peer === 'diffusers' || (values.peer === 'comfyui' && positionals[0] !== undefined)))
  refuse(usage);

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const ratio = (a, b) => {
  const pairs = sorted(a.map((value, i) => value / b[i]));
  return { value: median(a) / median(b), low: pairs[Math.floor(pairs.length * 0.25)], high: pairs[Math.floor(pairs.length * 0.75)] };
};
const rows = [];
const report = (what, r, goal) => {
  const shown = r.value < 0.1 ? r.value.toFixed(4) : r.value.toFixed(3);
  rows.push(`| ${what} | ${shown} | ${r.low.toFixed(3)}…${r.high.toFixed(3)} | ${goal} |`);
};

/** The maths of each sampler against the network that it asks. */
async function samplers() {
  const { samplerShares } = await import('./samplers.mjs');
  const raw = startScript('raw.mjs', join(root, 'models/tiny-emoji'));
  for (const { title, maths, network } of await samplerShares(raw, Math.min(rounds, 5))) {
    report(`${title}: maths ÷ network run, 64×64 latents, cond + uncond`, ratio(maths, network), '≤ 0.02');
  }
  await raw.stop();
}

/** Sampler loop of a real run over the socket, previews on, against the bare session. */
async function sampling(server) {
  const raw = startScript('raw.mjs', join(root, 'models/tiny-emoji'));
  const client = await connect(server.url);
  for (const [size, steps] of [
    [128, 20],
    [256, 20],
  ]) {
    const full = [];
    const bare = [];
    for (let i = -2; i < rounds; i++) {
      const work = { steps, batch: 2, size: size / 8 };
      const before = await raw.ask(work);
      const { nodes } = await client.run(textToImage({ seed: 1000 + i, steps, size }));
      const after = await raw.ask(work);
      if (i < 0) continue;
      full.push(nodes.get('loop').ms);
      bare.push((before + after) / 2);
    }
    report(`sampling ÷ raw session.run, ${size}×${size}, ${steps} steps, previews on`, ratio(full, bare), '≤ 1.02');
  }
  rows.push(`| previews received in those runs | ${client.previews()} | | |`);
  client.close();
  await raw.stop();
}

/** POST → done of trivial graphs against an empty POST and a socket echo, and against a peer. */
async function overhead(server, peer) {
  const echo = startScript('echo.mjs');
  const baseline = await connectEcho(await echo.ask('port'));
  const client = await connect(server.url);
  let color = 1;
  for (const [n, cached, share] of [
    [0, false, 1 / 2],
    [100, false, 1 / 20],
    [100, true, 1 / 50],
  ]) {
    const ours = [];
    const least = [];
    const theirs = [];
    for (let i = -3; i < rounds; i++) {
      if (!cached) color++;
      const base = await baseline.once();
      const { ms } = await client.run(chain(n, color));
      const other = await peer?.run(chain(n, color));
      if (i < 0) continue;
      ours.push(ms);
      least.push(base);
      if (other !== undefined) theirs.push(other);
    }
    const name = `${n} × ImageInvert ${cached ? 'all cached' : 'fresh'}`;
    report(`${name} ÷ empty POST + echo`, ratio(ours, least), '');
    if (peer !== undefined) report(`${name} ÷ ComfyUI`, ratio(ours, theirs), `≤ ${share.toFixed(3)}`);
  }
  baseline.close();
  client.close();
  await echo.stop();
}

/** Memory, trivial graphs and sampling, against bare scripts and a peer. */
async function execution(server, startPeer) {
  const comfy = await startPeer?.();
  try {
    const idle = residentMegabytes(server.pid, (command) => !command.includes('embedded-child'));
    const whole = residentMegabytes(server.pid);
    const theirs = comfy === undefined ? 951 : residentMegabytes(comfy.pid);
    const source = comfy === undefined ? 'ComfyUI’s recorded 951 MB' : 'ComfyUI, same run';
    rows.push(`| memory of server + engine, no model, ÷ ${source} | ${(idle / theirs).toFixed(3)} | ${idle.toFixed(0)} MB | ≤ 0.25 |`);
    rows.push(`| the same with the embedded queue | ${(whole / theirs).toFixed(3)} | ${whole.toFixed(0)} MB | ≤ 480 MB |`);
    const peer = comfy === undefined ? undefined : await connectComfy(comfy.url);
    await overhead(server, peer);
    peer?.close();
  } finally {
    await comfy?.stop();
  }
  await sampling(server);
}

ensureBuilt();
const tools = { rounds, report, ratio };
if (subject === 'samplers') await samplers();
else if (subject === 'start') await benchStart(tools);
else {
  const data = mkdtempSync(join(tmpdir(), 'litegraph-diffusion-bench-'));
  let server;
  try {
    if (values.peer === 'diffusers') await benchDiffusers(data, { ...tools, folder: positionals[0] });
    else if (subject === 'engine') await benchEngine(data, { ...tools, runs });
    else {
      server = await startServer(data);
      if (subject === 'editor') await editorFrames(server.url, { rounds: Math.min(rounds, 7), report });
      else if (subject === 'growth') await benchGrowth({ server, data: join(data, 'engine'), ...tools });
      else await execution(server, values.peer === undefined ? undefined : async () => startComfy(positionals[0], await freePort()));
    }
  } finally {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}, ${rounds} rounds\n`);
console.log('| what | ratio of medians | middle half of pairs | goal |\n|---|---|---|---|');
console.log(rows.join('\n'));
