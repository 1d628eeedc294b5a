// npm run bench -- --peer diffusers [FOLDER]: the same U-Net in PyTorch, with the Python of $PYTHON. FOLDER is a model of diffusers at its full size.
import { spawn } from 'node:child_process';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startEngine } from './engine-process.mjs';
import { textToImage } from './graphs.mjs';

/** PyTorch in a process of its own; undefined if it cannot be started. */
async function startPython(args) {
  const child = spawn(process.env.PYTHON ?? 'python3', [join(import.meta.dirname, 'diffusers.py'), ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((done) => child.once('error', done).once('exit', done));
  const { value, done } = await lines.next();
  if (done) return undefined;
  return {
    ...JSON.parse(value),
    async ask(message) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      const answer = await lines.next();
      if (answer.done) throw new Error('PyTorch ended before it answered.');
      return JSON.parse(answer.value).ms;
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}

/** Sampling in the engine, all of it, against as many runs of PyTorch's network with the same shapes. */
export async function benchDiffusers(data, { folder, rounds, report, ratio }) {
  const full = folder === undefined ? undefined : resolve(folder);
  const python = await startPython(full === undefined ? [] : [join(full, 'unet/config.json')]);
  if (python === undefined) {
    console.log(
      `PyTorch${full === undefined ? '' : ' with diffusers'} was not found, so nothing was compared. Set PYTHON to a Python that has it.\n`,
    );
    return;
  }
  const engine = startEngine(data, full === undefined ? {} : { models: dirname(full) });
  const [work, tokens, sizes] = full === undefined ? [8, 24, [128, 256]] : [2, 77, [256]];
  for (const size of sizes) {
    const [ours, theirs] = [[], []];
    for (let i = -1; i < (full === undefined ? rounds : 3); i++) {
      const graph = textToImage({ seed: 100 + i, steps: work, size });
      if (full !== undefined) graph.model.inputs.ckpt_name = basename(full);
      const { nodes } = await engine.ask('run', { graph });
      const ms = await python.ask({ batch: 2, side: size / 8, tokens, steps: work });
      if (i < 0) continue;
      ours.push(nodes.loop);
      theirs.push(ms);
    }
    report(
      `sampling, ${size}×${size}, previews on ÷ U-Net alone in PyTorch ${python.torch}, ${python.threads} threads`,
      ratio(ours, theirs),
      '≤ 1',
    );
  }
  await engine.stop();
  await python.stop();
}
