import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { floats, safetensors } from '../engine/checkpoints/safetensors-file.ts';
import { writeTinyFolder } from '../engine/tiny-models.ts';
import { axeFindings } from './axe.ts';
import { fieldText, openEditor, runToEnd } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const models = await mkdtemp(join(tmpdir(), 'models-'));
await writeTinyFolder('sd15', models);
for (const [folder, name, key, width] of [
  ['loras', 'ink', 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight', 2048],
  ['embeddings', 'moss', 'emb_params', 768],
] as const) {
  await mkdir(join(models, folder));
  await writeFile(join(models, folder, `${name}.safetensors`), safetensors({ [key]: floats([1, width], new Float32Array(width)) }));
}
afterAll(() => rm(models, { recursive: true, force: true }));
const rig = sharedRig(['--models', models]);

it('lists the models by kind, uses one at a click, shows what is in memory and gives it back', async () => {
  const { page, context, errors } = await openEditor(rig.browser, rig.server.url, { bypassCSP: true, reducedMotion: 'reduce' });
  await page.click('#rail-models');
  const panel = page.getByRole('complementary', { name: 'Models' });
  await panel.getByText('Nothing is in memory.').waitFor();
  await panel.getByRole('button', { name: /^ink\.safetensors Stable Diffusion XL/ }).waitFor();
  expect(await panel.locator('h3').allTextContents()).toEqual(['Checkpoints', 'LoRA', 'Embeddings']);
  expect(await runToEnd(page)).toBe('done');
  await panel.locator('[data-model="tiny-emoji"]').waitFor();
  expect(await panel.locator('[data-model="tiny-emoji"]').textContent()).toMatch(/text encoder.*MB/);
  expect(await axeFindings(page)).toEqual([]);
  await panel.getByRole('button', { name: 'Unload', exact: true }).click();
  await panel.getByText('Nothing is in memory.').waitFor();

  // The only loader takes it; a LoRA gets a node; an embedding goes into the selected text.
  await panel.locator('[data-file="sd15"]').click();
  expect(await fieldText(page, 'Load model', 'ckpt_name')).toBe('sd15');
  await panel.locator('[data-file="ink.safetensors"]').click();
  expect(await fieldText(page, 'Load LoRA', 'lora_name')).toBe('ink.safetensors');
  await panel.locator('[data-file="moss.safetensors"]').click();
  await page.getByText('Select a text encoder first').waitFor();
  await page.evaluate(() => {
    const { nodes = () => [], view } = window.__editor ?? {};
    view?.select(
      nodes()
        .filter(({ type }) => type === 'CLIPTextEncode')
        .slice(0, 1)
        .map(({ id }) => id),
    );
  });
  const [title = '', text = ''] = await page.evaluate(() => {
    const node = window.__editor?.nodes().find(({ type }) => type === 'CLIPTextEncode');
    return [node?.title, String(node?.inputs.find(({ port }) => port.name === 'text')?.value)];
  });
  await panel.locator('[data-file="moss.safetensors"]').click();
  expect(await fieldText(page, title, 'text')).toBe(`${text}, embedding:moss`);

  // What comes into the folder is listed by itself.
  await writeFile(join(models, 'loras', 'chalk.safetensors'), safetensors({ x: floats([1], [0]) }));
  await panel.locator('[data-file="chalk.safetensors"]').waitFor();
  expect(errors).toEqual([]);
  await context.close();
});
