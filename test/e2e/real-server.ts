import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchBrowser } from './browser.ts';

const command = resolve(import.meta.dirname, '../../bin/litegraph-diffusion.mjs');

/** A server with its engine, as a user starts it, on a free port and an empty data folder; use `await using`. */
export interface RealServer extends AsyncDisposable {
  readonly url: string;
  readonly data: string;
}

/** Starts one with more options of `serve`, by default with a queue in memory; `prepare` may put files into its data folder before. */
export async function startRealServer(options: readonly string[], prepare?: (data: string) => Promise<void>): Promise<RealServer> {
  const data = await mkdtemp(join(tmpdir(), 'litegraph-diffusion-'));
  await prepare?.(data);
  const args = [command, 'serve', '--port', '0', '--data', data, '--device', 'cpu', '--queue', 'memory', ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const url = await new Promise<string>((found, failed) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const [, address] = /^litegraph-diffusion is at (http:\/\/\S+)/m.exec(output) ?? [];
      if (address !== undefined) found(address);
    });
    child.once('close', () => failed(new Error(`The server ended: ${errors}`)));
  });
  return {
    url,
    data,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await closed;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** What the tests of one file share. */
export interface Rig {
  readonly browser: Browser;
  readonly server: RealServer;
}

/** A browser and a server for all tests of a `describe`, to be read within them; started before the first and closed after the last. */
export function sharedRig(...[options = [], prepare]: Partial<Parameters<typeof startRealServer>>): Rig {
  let parts: readonly [Browser, RealServer] | undefined;
  const started = (): readonly [Browser, RealServer] => {
    if (parts === undefined) throw new Error('Browser and server are there only while tests run.');
    return parts;
  };
  beforeAll(async () => {
    parts = await Promise.all([launchBrowser(), startRealServer(options, prepare)]);
  });
  afterAll(async () => {
    const [browser, server] = started();
    await browser.close();
    await server[Symbol.asyncDispose]();
  });
  return {
    get browser() {
      return started()[0];
    },
    get server() {
      return started()[1];
    },
  };
}
