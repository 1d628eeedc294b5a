import { resolve } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { loadCatalogue } from '../catalogue.ts';
import { listModels } from '../engine/models/list.ts';
import { ModelSizes } from '../engine/models/model-sizes.ts';
import { startEngine } from '../engine/supervisor.ts';
import type { WarmUp } from '../engine/warm-up.ts';
import { parseQueue } from '../queue/open-store.ts';
import { serveUntilSignal } from '../serve.ts';
import { type CommonOptions, type DeviceOptions, engineDevices, engineOptions, warnOfModels } from './options.ts';

/** `litegraph-diffusion serve`. */
export interface ServeCommandOptions extends CommonOptions, DeviceOptions {
  readonly host: string;
  readonly port: string;
  readonly token?: string;
  readonly allowOrigin: readonly string[];
  readonly warmUp: readonly WarmUp[];
  readonly queue: string;
  readonly paused?: boolean;
  readonly watch?: string;
}

/** Reads `--port`. Throws `bad-value`. */
export function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port;
  throw new GraphError('bad-value', `--port expects a number from 0 to 65535, got “${text}”.`);
}

/** Serves the page and the API until a signal. */
export async function serveCommand(options: ServeCommandOptions): Promise<void> {
  const { host, port, token, allowOrigin, models, data, warmUp, paused = false, extraModels, watch } = options;
  const engine = { ...engineOptions(options), warmUp };
  const devices = await engineDevices(options.device);
  const queue = parseQueue(options.queue);
  if (devices.length === 0 && typeof queue === 'string')
    throw new GraphError('bad-value', '--device none leaves all work to workers, which need a shared queue: add --queue postgres://….');
  const { specs, problems } = await loadCatalogue();
  await warnOfModels(options);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const sizes = new ModelSizes();
  await serveUntilSignal({
    host,
    port: portOf(port),
    ...(token === undefined ? {} : { token }),
    allowOrigins: allowOrigin,
    models,
    extraModels,
    data,
    queue,
    paused,
    ...(watch === undefined ? {} : { watch: resolve(watch) }),
    specs,
    listModels: () => listModels(models, extraModels, sizes),
    startEngines: () => devices.map(({ device, settings }) => startEngine({ ...engine, device }, settings)),
  });
}
