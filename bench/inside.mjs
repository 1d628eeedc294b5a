// npm run bench -- engine: what the engine adds, measured in its own process.
import { startEngine } from './engine-process.mjs';
import { chain, textToImage } from './graphs.mjs';

const clean = 'x̂₀ clean';
const steps = 20;

/** A picture of one colour, as ImageInvert takes it. */
const picture = { dims: [1, 64, 64, 3], data: new Float32Array(64 * 64 * 3).fill(0.5) };

/** A chain of trivial nodes against bare calls of the node's function. */
async function nodes(engine, { rounds, report, ratio }) {
  const [many, none, bare, cached] = [[], [], [], []];
  for (let i = -3; i < rounds; i++) {
    const [full, empty] = [chain(100, 1000 + i), chain(0, 1000 + i)];
    const without = (await engine.ask('run', { graph: empty })).ms;
    const fresh = (await engine.ask('run', { graph: full })).ms;
    const again = (await engine.ask('run', { graph: full })).ms;
    const calls = await engine.ask('bareNode', { type: 'ImageInvert', inputs: { image: picture }, count: 100 });
    if (i < 0) continue;
    many.push(fresh - without);
    none.push(without);
    bare.push(calls);
    cached.push(again);
  }
  report('100 × ImageInvert in the engine ÷ 100 calls of its function', ratio(many, bare), '');
  report('a graph of two nodes ÷ 100 calls of ImageInvert’s function', ratio(none, bare), '');
  report('100 × ImageInvert all cached ÷ fresh', ratio(cached, many), '');
}

function sampling(size, preview, seed) {
  const graph = textToImage({ seed, steps, size });
  graph.loop.inputs.preview = preview;
  return graph;
}

/** The sampler loop against bare runs of the same calls, previews on and off, and one against the other. */
async function loops(engine, size, { rounds, report, ratio }) {
  const found = { on: { loop: [], bare: [] }, off: { loop: [], bare: [] } };
  for (let i = -2; i < rounds; i++) {
    for (const [key, preview] of i % 2 === 0
      ? [
          ['on', clean],
          ['off', 'off'],
        ]
      : [
          ['off', 'off'],
          ['on', clean],
        ]) {
      const { loop, bare } = await engine.ask('sampled', { graph: sampling(size, preview, 5000 + i), bareFirst: i >= 0 && i % 4 < 2 });
      if (i < 0) continue;
      found[key].loop.push(loop);
      found[key].bare.push(bare);
    }
  }
  const name = `${size}×${size}, ${steps} steps`;
  report(`sampling ÷ the same session.run calls bare, ${name}, previews off`, ratio(found.off.loop, found.off.bare), '≤ 1.005');
  report(`sampling ÷ the same session.run calls bare, ${name}, previews on`, ratio(found.on.loop, found.on.bare), '≤ 1.02');
  report(`previews on ÷ off, ${name}`, ratio(found.on.loop, found.off.loop), '');
}

/** What a loop takes with a network that answers at once, against bare runs of the network: the part that is ours, which a busy machine disturbs least. */
async function ownPart(engine, size, { rounds, report, ratio }) {
  const [own, bare] = [[], []];
  for (let i = -2; i < rounds; i++) {
    const found = await engine.ask('sampled', { graph: sampling(size, 'off', 6000 + i), bareFirst: false });
    const times = [];
    for (let k = 0; k < 9; k++) times.push(await engine.ask('withoutNetwork', { graph: sampling(size, 'off', 60_000 + 9 * i + k) }));
    if (i < 0) continue;
    own.push(times.sort((a, b) => a - b)[4]);
    bare.push(found.bare);
  }
  report(`sampling with a network that answers at once ÷ session.run, ${size}×${size}, ${steps} steps`, ratio(own, bare), '≤ 0.005');
}

/** A picture asked for a second time against the first time. */
async function again(engine, { rounds, report, ratio }) {
  const [first, second] = [[], []];
  for (let i = -1; i < rounds; i++) {
    const graph = textToImage({ seed: 9000 + i, steps, size: 128 });
    const fresh = (await engine.ask('run', { graph })).ms;
    const cached = (await engine.ask('run', { graph })).ms;
    if (i < 0) continue;
    first.push(fresh);
    second.push(cached);
  }
  report('text to image, cached ÷ fresh', ratio(second, first), '');
}

/** Memory after many runs against memory after a tenth of them. */
async function memory(data, { report, runs }) {
  const engine = startEngine(data, { cacheBytes: 2e7 });
  const graphs = Array.from({ length: runs }, (_, i) => textToImage({ seed: i, steps: 1, size: 64 }));
  const seen = await engine.ask('memory', { graphs, every: runs / 10 });
  await engine.stop();
  const growth = (key) => {
    const list = seen.map((one) => one[key]);
    const value = list.at(-1) / list[1];
    return { value, low: Math.min(...list) / list[1], high: Math.max(...list) / list[1] };
  };
  report(`used memory after ${runs} runs ÷ after ${runs / 5}`, growth('used'), '≤ 1.05');
  report(`resident memory after ${runs} runs ÷ after ${runs / 5}`, growth('rss'), '≤ 1.05');
}

/** All rows of the engine. */
export async function benchEngine(data, tools) {
  const engine = startEngine(data);
  await nodes(engine, tools);
  for (const size of [128, 256]) {
    await ownPart(engine, size, tools);
    await loops(engine, size, tools);
  }
  await again(engine, tools);
  await engine.stop();
  await memory(data, tools);
}
