import type { Browser, Page } from 'playwright-core';
import type { App } from '../../client/editor/app.ts';
import { openPage, type WatchedPage } from './browser.ts';

declare global {
  interface Window {
    __editor?: App;
  }
}

/** The editor in a browser of its own, ready for use. */
export async function openEditor(browser: Browser, url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<WatchedPage> {
  const watched = await openPage(browser, { viewport: { width: 1440, height: 900 }, colorScheme: 'dark', ...options });
  await watched.page.goto(url);
  await ready(watched.page);
  return watched;
}

/** Waits until the page shows its first graph and is connected. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (window.__editor?.state.name ?? 'Untitled') !== 'Untitled' && window.__editor?.state.device !== undefined,
  );
}

/** Presses Run and waits for the end; gives the state it ended in. */
export async function runToEnd(page: Page): Promise<string | undefined> {
  const before = await page.evaluate(() => window.__editor?.state.run?.id);
  await page.click('#run');
  return endOfRun(page, before);
}

/** Waits for the end of a run that is not `before`. */
export async function endOfRun(page: Page, before?: string): Promise<string | undefined> {
  await page.waitForFunction((old) => {
    const run = window.__editor?.state.run;
    return run !== undefined && run.id !== old && ['done', 'failed', 'cancelled', 'rejected'].includes(run.state);
  }, before);
  return page.evaluate(() => window.__editor?.state.run?.state);
}

/** Nodes as `type → titles of the nodes that feed it, by input`. */
export const wiresOf = (page: Page): Promise<Record<string, Record<string, string>>> =>
  page.evaluate(() => {
    const nodes = window.__editor?.nodes() ?? [];
    const titleOf = new Map(nodes.map(({ id, title }) => [id, title]));
    return Object.fromEntries(
      nodes.map(({ title, inputs }) => [
        title,
        Object.fromEntries(inputs.flatMap(({ port, link }) => (link === undefined ? [] : [[port.name, titleOf.get(link.node) ?? '?']]))),
      ]),
    );
  });

/** The value of a field by the title of its node, as text. */
export const fieldText = (page: Page, node: string, field: string): Promise<string> =>
  page.evaluate(
    ([title, name]) =>
      String(
        window.__editor
          ?.nodes()
          .find((one) => one.title === title)
          ?.inputs.find(({ port }) => port.name === name)?.value,
      ),
    [node, field] as const,
  );
