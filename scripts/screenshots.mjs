// node scripts/screenshots.mjs: makes the pictures of docs/images from the real page and the real server.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const images = join(root, 'docs/images');
const prompts = ['broccoli', 'yellow heart', 'beetle', 'crescent moon', 'red apple', 'clown face', 'tulip', 'rocket'];

const data = mkdtempSync(join(tmpdir(), 'litegraph-diffusion-'));
const server = spawn(process.execPath, [join(root, 'bin/litegraph-diffusion.mjs'), 'serve', '--port', '0', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((found) => {
  let output = '';
  server.stdout.on('data', (chunk) => {
    output += chunk;
    const [, address] = /is at (http:\S+)/.exec(output) ?? [];
    if (address) found(address);
  });
});

const executablePath = process.env.CHROME_PATH ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });

async function open(options) {
  const context = await browser.newContext({ deviceScaleFactor: 2, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.__editor?.state.device !== undefined && window.__editor.nodes().length > 0);
  return page;
}

/** Sets a field by the title of its node. */
const set = (page, node, field, value) =>
  page.evaluate(
    ([title, name, to]) => {
      const found = window.__editor.nodes().find((one) => one.title === title);
      window.__editor.view.setValue(found.id, name, to);
    },
    [node, field, value],
  );

async function run(page, prompt) {
  await set(page, 'Prompt', 'text', prompt);
  const before = await page.evaluate(() => window.__editor.state.run?.id);
  await page.click('#run');
  await page.waitForFunction((old) => window.__editor.state.run?.id !== old && window.__editor.state.run?.state === 'done', before);
}

/** Half way through a run, with a preview in the sampler's node. */
async function midRun(page, { prompt, steps }) {
  await set(page, 'Prompt', 'text', prompt);
  await set(page, 'Sampling steps', 'steps', steps);
  await page.evaluate(() => {
    const loop = window.__editor.nodes().find(({ title }) => title === 'Sampler loop');
    if (!window.__editor.state.phone) window.__editor.view.select([loop.id]);
  });
  await page.click('#run');
  await page.waitForFunction(
    (least) => [...(window.__editor.state.run?.nodes.values() ?? [])].some(({ step }) => step && step.index >= least),
    steps * 0.35,
  );
}

async function shoot(page, name) {
  const png = await page.screenshot();
  await sharp(png)
    .png({ palette: true, quality: 95, effort: 10 })
    .toFile(join(images, `${name}.png`));
}

try {
  mkdirSync(images, { recursive: true });
  const desk = { width: 1440, height: 900 };
  const first = await open({ viewport: desk, colorScheme: 'dark' });
  for (const prompt of prompts) await run(first, prompt);
  await midRun(first, { prompt: 'bell', steps: 80 });
  await shoot(first, 'editor-desktop-dark');
  const light = await open({ viewport: desk, colorScheme: 'light' });
  await run(light, 'sunflower');
  await shoot(light, 'editor-desktop-light');
  for (const colorScheme of ['dark', 'light']) {
    const phone = await open({ viewport: { width: 390, height: 844 }, colorScheme, hasTouch: true, isMobile: true });
    await run(phone, colorScheme === 'dark' ? 'rocket' : 'tulip');
    await shoot(phone, `editor-phone-${colorScheme}`);
  }
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await new Promise((closed) => server.once('close', closed));
  rmSync(data, { recursive: true, force: true });
}
