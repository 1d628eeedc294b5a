import { createServer } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { endOfRun, openEditor, ready, runToEnd } from './editor-page.ts';
import { startRealServer } from './real-server.ts';

/** A port that nobody listens on. */
const freePort = (): Promise<number> =>
  new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? found(address.port) : failed(new Error('No port.'))));
    });
  });

describe('the editor and its server', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('say that they have lost each other, keep the graph, and find each other again', async () => {
    const port = ['--port', String(await freePort())];
    const first = await startRealServer(port);
    const { page, context } = await openEditor(browser, first.url);
    await page.fill('.inspector textarea', 'tulip');
    await first[Symbol.asyncDispose]();
    const banner = page.locator('.banner');
    await banner.waitFor();
    expect(await banner.textContent()).toContain('Your graph is safe');
    await using _second = await startRealServer(port);
    await banner.waitFor({ state: 'detached' });
    expect(await page.locator('.inspector textarea').first().inputValue()).toBe('tulip');
    expect(await runToEnd(page)).toBe('done');
    await context.close();
  });

  it('go on with a run when the page is loaded anew in its middle', async () => {
    await using server = await startRealServer([]);
    const { page, context, errors } = await openEditor(browser, server.url);
    await page.evaluate(() => {
      const { nodes = () => [], view } = window.__editor ?? {};
      for (const { id, title } of nodes()) if (title === 'Sampling steps') view?.setValue(id, 'steps', 400);
    });
    await page.click('#run');
    await page.waitForFunction(() => [...(window.__editor?.state.run?.nodes.values() ?? [])].some(({ step }) => (step?.index ?? 0) > 0));
    const id = await page.evaluate(() => window.__editor?.state.run?.id);
    await page.waitForFunction(() => window.__editor?.state.savedAt !== undefined);
    await page.reload();
    await ready(page);
    await page.waitForFunction(() => window.__editor?.state.run !== undefined);
    expect(await page.evaluate(() => window.__editor?.state.run?.id)).toBe(id);
    expect(await endOfRun(page)).toBe('done');
    await page.waitForSelector('.thumb img');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('let nobody in without the token, and those in who come with it, which leaves the address', async () => {
    await using server = await startRealServer(['--token', 'a-long-and-secret-word']);
    const stranger = await browser.newPage();
    await stranger.goto(server.url);
    await stranger.locator('.boot').waitFor();
    expect(await stranger.evaluate(() => window.__editor)).toBeUndefined();
    await stranger.close();
    const { page, context, errors } = await openEditor(browser, `${server.url}/#token=a-long-and-secret-word`);
    expect(page.url()).not.toContain('secret');
    expect(await page.evaluate(() => document.cookie)).toBe('');
    expect(await runToEnd(page)).toBe('done');
    expect(errors).toEqual([]);
    await context.close();
  });
});
