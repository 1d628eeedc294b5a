// Runs every network of a model folder on one device and writes what came out, how fast it was, the peak of GPU memory and the operators by provider.
// node measure.mjs run FOLDER --device cuda:0 --precision fp16 --out FILE.json [--steps 20]
// node measure.mjs compare REFERENCE.json OTHER.json --within 1e-2
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readOperators } from '../../dist/server/doctor/operators.js';
import { openRuntime } from '../../dist/server/engine/models/onnx.js';

const parts = ['text_encoder', 'unet', 'vae_decoder'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cpu' },
    precision: { type: 'string', default: 'auto' },
    out: { type: 'string' },
    steps: { type: 'string', default: '20' },
    within: { type: 'string', default: '1e-4' },
  },
});

/** Sides of the embedded model, whose exports leave all of them open; those of the others are fixed but for the batch. */
const sides = { batch: 2, height: 16, width: 16, sequence: 24 };

/** sin(1.7 i), as reference.py feeds it; ids and time steps are whole numbers. */
function feed({ name, type, shape }) {
  const dims = shape.map((side) => (typeof side === 'number' ? side : (sides[side] ?? 2)));
  const count = dims.reduce((product, side) => product * side, 1);
  const value = name === 'timestep' ? () => 500 : type === 'int64' ? (i) => i % 400 : (i) => Math.sin(i * 1.7);
  return { dims, data: Float32Array.from({ length: count }, (_, i) => value(i)) };
}

/** The most GPU memory in use while `work` runs, in bytes, as nvidia-smi sees it; undefined without one. */
async function withPeak(work) {
  const watch = spawn('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits', '-lms', '100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  watch.on('error', () => undefined);
  watch.stdout.on('data', (chunk) => (text += chunk));
  try {
    return {
      result: await work(),
      peak: () => Math.max(0, ...text.split('\n').map(Number).filter(Number.isFinite)) * 2 ** 20 || undefined,
    };
  } finally {
    await new Promise(setImmediate);
    watch.kill();
  }
}

const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

async function measurePart(runtime, file, steps) {
  const session = await runtime.open(file, runtime.precision);
  const feeds = Object.fromEntries(session.inputs.map((slot) => [slot.name, feed(slot)]));
  const first = [...(await session.run(feeds)).values()][0];
  const times = [];
  for (let i = 0; i < steps; i++) {
    const begin = performance.now();
    await session.run(feeds);
    times.push(performance.now() - begin);
  }
  await session.release();
  const folder = mkdtempSync(join(tmpdir(), 'gpu-check-'));
  const profile = await runtime.profile(file, { prefix: join(folder, 'profile'), sides });
  rmSync(folder, { recursive: true, force: true });
  return {
    output: Buffer.from(first.data.buffer, first.data.byteOffset, first.data.byteLength).toString('base64'),
    ...(times.length === 0 ? {} : { stepsPerSecond: 1000 / median(times) }),
    ...readOperators(profile, runtime.device.provider),
  };
}

async function run(folder) {
  const runtime = await openRuntime(values.device, { precision: values.precision });
  const measured = await withPeak(async () => {
    const found = {};
    for (const part of parts) {
      const file = join(folder, part, 'model.onnx');
      if (existsSync(file)) found[part] = await measurePart(runtime, file, part === 'unet' ? Number(values.steps) : 0);
    }
    return found;
  });
  const report = {
    folder,
    device: runtime.device.name,
    gpu: runtime.device.title,
    precision: values.precision,
    peakBytes: measured.peak(),
    parts: measured.result,
  };
  writeFileSync(values.out, JSON.stringify(report));
  for (const [part, { stepsPerSecond, counts, fallback }] of Object.entries(report.parts)) {
    const by = {};
    for (const { provider, count } of counts) by[provider] = (by[provider] ?? 0) + count;
    const speed = stepsPerSecond === undefined ? '' : `, ${stepsPerSecond.toFixed(2)} it/s`;
    console.log(
      `  ${part} on ${report.device} ${values.precision}${speed}, operators ${JSON.stringify(by)}${fallback.length > 0 ? `, on the CPU: ${fallback}` : ''}`,
    );
    if (fallback.length > 0) process.exitCode = 1;
  }
  if (report.peakBytes !== undefined) console.log(`  peak GPU memory in use ${(report.peakBytes / 1e9).toFixed(2)} GB`);
}

const floats = (text) => {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
};

/** The largest distance of two results, by the largest value of the first. */
function distance(a, b) {
  let most = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (!(apart <= most)) most = apart;
    largest = Math.max(largest, Math.abs(a[i]));
  }
  return most / largest;
}

function compare(one, other) {
  const [a, b] = [one, other].map((file) => JSON.parse(readFileSync(file, 'utf8')));
  for (const [part, { output }] of Object.entries(a.parts)) {
    const apart = distance(floats(output), floats(b.parts[part].output));
    const good = apart <= Number(values.within);
    console.log(
      `  ${part}: ${b.device} ${b.precision} differs from ${a.device} by ${apart.toExponential(1)} of the largest value: ${good ? 'good' : `more than ${values.within}`}`,
    );
    if (!good) process.exitCode = 1;
  }
}

if (positionals[0] === 'run') await run(positionals[1]);
else compare(positionals[1], positionals[2]);
