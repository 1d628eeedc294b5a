// npm run bench -- start: from the start of the process to a served page and to the first picture, against a Node process that does nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from './client.mjs';
import { textToImage } from './graphs.mjs';
import { startServer } from './processes.mjs';

function nothing() {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}

/** ms to a page that was received, and to a picture of the embedded model. */
async function ours() {
  const data = mkdtempSync(join(tmpdir(), 'litegraph-diffusion-start-'));
  const started = performance.now();
  const server = await startServer(data);
  try {
    await (await fetch(server.url)).text();
    const page = performance.now() - started;
    const client = await connect(server.url);
    await client.run(textToImage({ seed: 1, steps: 8, size: 128 }));
    client.close();
    return { page, picture: performance.now() - started };
  } finally {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Rows of the start; the first round is not counted. */
export async function benchStart({ rounds, report, ratio }) {
  const [least, allowed, pages, pictures] = [[], [], [], []];
  for (let i = -1; i < rounds; i++) {
    const bare = (nothing() + nothing()) / 2;
    const { page, picture } = await ours();
    if (i < 0) continue;
    least.push(bare);
    allowed.push(1.5 * bare + 1000);
    pages.push(page);
    pictures.push(picture);
  }
  report('start to a served page ÷ (1.5 × `node -e 0` + 1 s)', ratio(pages, allowed), '≤ 1');
  report('start to a served page ÷ `node -e 0`', ratio(pages, least), '');
  report('start to the first picture ÷ `node -e 0`', ratio(pictures, least), '');
}
