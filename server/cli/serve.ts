import { GraphError } from '../../nodes/kit/index.ts';
import { loadCatalogue } from '../catalogue.ts';
import { listModels } from '../engine/models/list.ts';
import { startEngine } from '../engine/supervisor.ts';
import { parseQueue } from '../queue/open-store.ts';
import { serveUntilSignal } from '../serve.ts';
import { type CommonOptions, cacheBytes, warnOfModels } from './options.ts';

/** `litegraph-diffusion serve`. */
export interface ServeCommandOptions extends CommonOptions {
  readonly host: string;
  readonly port: string;
  readonly token?: string;
  readonly allowOrigin: readonly string[];
  readonly queue: string;
  readonly paused?: boolean;
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port;
  throw new GraphError('bad-value', `--port expects a number from 0 to 65535, got “${text}”.`);
}

/** Serves the page and the API until a signal. */
export async function serveCommand(options: ServeCommandOptions): Promise<void> {
  const { host, port, token, allowOrigin, models, data, device, paused = false } = options;
  const queue = parseQueue(options.queue);
  const { specs, problems } = await loadCatalogue();
  await warnOfModels(options);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  await serveUntilSignal({
    host,
    port: portOf(port),
    ...(token === undefined ? {} : { token }),
    allowOrigins: allowOrigin,
    models,
    data,
    queue,
    paused,
    specs,
    listModels: () => listModels(models),
    startEngines: () => [startEngine({ device, models, data, cacheBytes })],
  });
}
