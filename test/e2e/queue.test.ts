import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { Program } from '../server/program.ts';
import { temporaryFolder } from '../server/rig.ts';
import { endOfRun, fieldText, openEditor } from './editor-page.ts';
import { sharedRig } from './real-server.ts';

const square = (name: string): unknown => ({
  nodes: [
    {
      id: 1,
      type: 'diffusion/EmptyImage',
      pos: [0, 0],
      size: [200, 100],
      properties: { width: 64, height: 64, batch_size: 1, color: '255' },
    },
    {
      id: 2,
      type: 'diffusion/PreviewImage',
      pos: [300, 0],
      size: [200, 100],
      properties: {},
      inputs: [{ name: 'images', type: 'IMAGE', link: 1 }],
    },
  ],
  links: [[1, 1, 0, 2, 0, 'IMAGE']],
  groups: [],
  config: {},
  extra: { format: 1, name },
  version: 0.4,
});

const send = async (url: string, name: string): Promise<void> => {
  const answer = await fetch(`${url}/v1/jobs`, { method: 'POST', body: JSON.stringify({ id: name, workflow: square(name) }) });
  expect([answer.status, await answer.text()]).toEqual([202, expect.any(String)]);
};

/** Titles of the jobs that wait, as the page shows them. */
const titles = (page: Page): Promise<string[]> => page.locator('ol[aria-label="Waiting"] .words b').allTextContents();

/** The order on the server. */
async function order(url: string): Promise<string[]> {
  const { waiting }: { waiting: { id: string }[] } = JSON.parse(await (await fetch(`${url}/v1/queue`)).text());
  return waiting.map(({ id }) => id);
}

/** Waits until page and server agree on this order. */
async function stands(page: Page, url: string, wanted: readonly string[]): Promise<void> {
  await expect.poll(() => titles(page)).toEqual(wanted);
  await expect.poll(() => order(url)).toEqual(wanted);
}

const setSteps = (page: Page, steps: number): Promise<void> =>
  page.evaluate((count) => {
    const { nodes = () => [], view } = window.__editor ?? {};
    for (const { id, title } of nodes()) if (title === 'Sampling steps') view?.setValue(id, 'steps', count);
  }, steps);

describe('the queue in the editor', () => {
  const rig = sharedRig();

  it('is held, put in order by mouse and by keyboard, cancelled and released; ended jobs stand in the history', async () => {
    const { page, context, errors } = await openEditor(rig.browser, rig.server.url);
    await page.click('#rail-queue');
    await page.click('#hold-queue');
    await page.getByText('The queue is paused').waitFor();
    for (const name of ['a', 'b', 'c', 'd']) await send(rig.server.url, name);
    await stands(page, rig.server.url, ['a', 'b', 'c', 'd']);
    await page.locator('[data-job="d"]').dragTo(page.locator('[data-job="b"]'));
    await stands(page, rig.server.url, ['a', 'd', 'b', 'c']);
    await page.locator('[data-job="a"]').dragTo(page.locator('[data-job="b"]'));
    await stands(page, rig.server.url, ['d', 'b', 'a', 'c']);
    await page.locator('[data-job="a"] .handle').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await stands(page, rig.server.url, ['a', 'd', 'b', 'c']);
    await page.keyboard.press('ArrowDown');
    await stands(page, rig.server.url, ['d', 'a', 'b', 'c']);
    await page.getByRole('button', { name: 'Run c next' }).click();
    await stands(page, rig.server.url, ['c', 'd', 'a', 'b']);
    await page.locator('[data-job="a"] input').check();
    await page.locator('[data-job="b"] input').check();
    await page.locator('.chosen').getByRole('button', { name: 'Run next' }).click();
    await stands(page, rig.server.url, ['a', 'b', 'c', 'd']);
    await page.locator('[data-job="a"] .handle').focus();
    await page.keyboard.press('End');
    await stands(page, rig.server.url, ['b', 'c', 'd', 'a']);
    await page.getByLabel('Priority').fill('3');
    await page.getByLabel('Priority').press('Enter');
    await stands(page, rig.server.url, ['b', 'a', 'c', 'd']);
    expect(await page.locator('[data-job="a"] small').first().textContent()).toBe('number 2 · priority 3');
    await page.locator('[data-job="a"] .handle').focus();
    await page.keyboard.press('Home');
    await stands(page, rig.server.url, ['a', 'b', 'c', 'd']);
    await page.getByRole('button', { name: 'Cancel d' }).click();
    await page.getByRole('button', { name: 'Pause a' }).click();
    await page.locator('[data-job="a"].held').waitFor();
    await page.click('#hold-queue');
    await stands(page, rig.server.url, ['a']);
    await page.getByRole('button', { name: 'Resume a' }).click();
    await page.getByText('Nothing runs or waits').waitFor();
    await page.click('#rail-history');
    const past = page.locator('.job.past');
    await past.nth(3).waitFor();
    expect((await past.locator('.words b').allTextContents()).slice(0, 4)).toEqual(['a', 'c', 'b', 'd']);
    expect(await past.nth(3).locator('small').first().textContent()).toContain('cancelled');
    await page.getByRole('button', { name: 'Open the workflow of c' }).click();
    await page.waitForFunction(() => window.__editor?.state.name === 'c');
    await page.getByRole('button', { name: 'Run c again' }).click();
    await past.nth(4).waitFor();
    expect(await past.first().locator('small').textContent()).toContain('from cache');
    await past.nth(1).locator('.words').click();
    const details = page.getByRole('dialog', { name: 'a' });
    await details.waitFor();
    expect(await details.locator('tr', { hasText: 'width' }).locator('td').textContent()).toBe('64');
    expect(await details.locator('details', { hasText: 'Times of the nodes' }).locator('td').first().textContent()).toMatch(/ ms|cached/);
    await details.getByLabel('Compare with').selectOption({ index: 1 });
    await details.getByText('All values are the same.').waitFor();
    await page.keyboard.press('Escape');
    for (const at of [0, 1, 2]) await past.nth(at).locator('input').check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => past.locator('.words b').allTextContents()).toEqual(['b', 'd']);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('keeps several runs of a page that is closed, each with the seed that was shown', async () => {
    const { page, context } = await openEditor(rig.browser, rig.server.url);
    await setSteps(page, 3);
    const seed = Number(await fieldText(page, 'Noise', 'noise_seed'));
    await page.getByRole('radio', { name: '+1' }).click();
    await page.click('.run .split');
    await page.getByRole('menuitem', { name: 'Run ×4' }).click();
    await page.waitForFunction(() => {
      const mine = [...(window.__editor?.state.mine ?? [])];
      return mine.length === 4 && mine.every((id) => window.__editor?.runs.get(id)?.safe);
    });
    expect(Number(await fieldText(page, 'Noise', 'noise_seed'))).toBe(seed + 4);
    const jobs = await page.evaluate(() => [...(window.__editor?.state.mine ?? [])]);
    await context.close();
    await expect.poll(async () => (await readdir(join(rig.server.data, 'output'))).length, { timeout: 30_000 }).toBe(4);
    const ran = jobs.map(async (id) => {
      const kept = await (await fetch(`${rig.server.url}/v1/history/${id}/workflow`)).text();
      return /"noise_seed":"?(\d+)/.exec(kept)?.[1] ?? kept;
    });
    expect(await Promise.all(ran)).toEqual([1, 2, 3, 4].map((more) => String(seed + more)));
  });

  it('survives a page that is loaded anew and a server that is killed in the middle of a run', async () => {
    const data = await temporaryFolder();
    const start = async (port: string): Promise<{ program: Program; url: string }> => {
      const program = new Program('serve', '--port', port, '--data', data, '--device', 'cpu');
      const [, url = ''] = await program.says(/is at (http:\S+)/);
      return { program, url };
    };
    const first = await start('0');
    // Accepted is what is stored, so the database stands.
    await send(first.url, 'before');
    const { page, context } = await openEditor(rig.browser, first.url);
    await setSteps(page, 10_000);
    await page.click('#run');
    const stepping = (): Promise<unknown> =>
      page.waitForFunction(() => [...(window.__editor?.state.run?.nodes.values() ?? [])].some(({ step }) => (step?.index ?? 0) > 5));
    await stepping();
    const id = await page.evaluate(() => window.__editor?.state.run?.id);
    await page.click('#rail-queue');
    const running = page.locator('.job.now');
    await running.locator('progress').waitFor();
    expect(await running.textContent()).toMatch(/running: Sampler loop[\s\S]*node \d+ of \d+ · step \d+ of 10000/);
    await page.reload();
    await stepping();
    await page.waitForFunction(() => window.__editor?.state.run?.safe);
    await send(first.url, 'behind');
    first.program.child.kill('SIGKILL');
    await first.program.exit;
    await page.locator('.banner').waitFor();
    const second = await start(new URL(first.url).port);
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.locator('.status', { hasText: 'The server ended while this job ran, so it runs again.' }).waitFor();
    await stepping();
    expect(await page.evaluate(() => window.__editor?.state.run?.id)).toBe(id);
    await page.click('#rail-queue');
    await running.getByText('so it runs again').waitFor();
    expect(await titles(page)).toEqual(['behind']);
    await running.getByRole('button', { name: 'Cancel' }).click();
    expect(await endOfRun(page)).toBe('cancelled');
    await page.click('#rail-history');
    await expect
      .poll(() => page.locator('.job.past .words').allTextContents(), { timeout: 30_000 })
      .toEqual([
        expect.stringMatching(/^behind(done|from cache)/),
        expect.stringMatching(/^Text to imagecancelled/),
        expect.stringMatching(/^beforedone/),
      ]);
    await context.close();
    second.program.child.kill('SIGTERM');
    await second.program.exit;
    await rm(data, { recursive: true, force: true });
  }, 180_000);
});
