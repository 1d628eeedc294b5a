import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { z } from 'zod';
import { listModels } from '../engine/models/list.ts';
import { holderOfFolder } from '../files/lock.ts';
import { type Check, reasonOf } from './check.ts';

/** The folder of `--models`. Only the embedded model is no problem. */
export async function checkModels(folder: string, isDefault: boolean): Promise<Check> {
  const name = 'models';
  const listed = await listModels(folder);
  const names = listed.map((model) => (model.embedded ? `${model.name} (embedded)` : model.name)).join(', ');
  const found = await stat(folder).catch(() => undefined);
  if (listed.length === 0) return { name, state: 'problem', found: 'Not even the embedded model is there.', remedy: 'Run: npm ci' };
  if (found?.isDirectory()) return { name, state: 'ok', found: `${names}; more go into ${folder}` };
  if (isDefault) return { name, state: 'ok', found: names };
  return {
    name,
    state: 'problem',
    found: `There is no folder ${folder}; only ${names} can be used.`,
    remedy: 'Make it, or give another one with --models.',
  };
}

/** The folder of `--data`: can be written, and is not in use. */
export async function checkData(folder: string): Promise<Check> {
  const name = 'data folder';
  const holder = await holderOfFolder(folder);
  if (holder !== undefined) {
    return { name, state: 'note', found: `${folder} is in use by the server of process ${holder}. Another one needs another --data.` };
  }
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return { name, state: 'ok', found: folder };
  } catch (thrown) {
    return {
      name,
      state: 'problem',
      found: `${folder} cannot be written: ${reasonOf(thrown)}.`,
      remedy: 'Give another folder with --data.',
    };
  }
}

const Health = z.object({
  version: z.string(),
  devices: z.array(z.object({ device: z.string(), provider: z.string(), state: z.string(), message: z.string().optional() })),
  jobs: z.object({ waiting: z.number(), running: z.number() }),
});

/** What a server of ours on this port says of itself; undefined where there is none, or one that wants a token. */
async function healthOf(host: string, port: number): Promise<z.infer<typeof Health> | undefined> {
  try {
    const response = await fetch(`http://${host}:${port}/v1/health`, { signal: AbortSignal.timeout(3000) });
    return Health.parse(await response.json());
  } catch {
    return undefined;
  }
}

/** Why a port cannot be listened on, or undefined. */
function portTrouble(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** The port, and the queue of a server that is on it. */
export async function checkPort(port: number): Promise<readonly Check[]> {
  const host = '127.0.0.1';
  const name = `port ${port}`;
  const trouble = await portTrouble(host, port);
  if (trouble === undefined) {
    return [
      { name, state: 'ok', found: 'free' },
      { name: 'queue', state: 'ok', found: 'no server is running' },
    ];
  }
  const health = await healthOf(host, port);
  if (health === undefined) {
    return [
      {
        name,
        state: 'problem',
        found: `The port is taken by another program, or by a server with a token (${trouble}).`,
        remedy: `Start with another one: --port ${port + 1}`,
      },
    ];
  }
  const devices = health.devices.map(
    ({ device, provider, state, message }) => `${device} (${provider}, ${state}${message === undefined ? '' : `: ${message}`})`,
  );
  const { waiting, running } = health.jobs;
  return [
    { name, state: 'ok', found: `litegraph-diffusion ${health.version} on ${devices.join(', ')}` },
    { name: 'queue', state: 'ok', found: `${running} running, ${waiting} waiting` },
  ];
}
