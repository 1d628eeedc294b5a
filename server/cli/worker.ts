import { resolve } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { loadCatalogue } from '../catalogue.ts';
import { listModels } from '../engine/models/list.ts';
import { ModelSizes } from '../engine/models/model-sizes.ts';
import { listParts } from '../engine/models/part-files.ts';
import { startEngine } from '../engine/supervisor.ts';
import { createLog } from '../log.ts';
import { parseQueue } from '../queue/open-store.ts';
import { stopSignal } from '../serve.ts';
import { serverUrl } from '../worker/server-http.ts';
import { startWorker } from '../worker/worker.ts';
import { type CommonOptions, type DeviceOptions, engineDevices, engineOptions, warnOfModels } from './options.ts';

/** `litegraph-diffusion worker`. */
export interface WorkerCommandOptions extends CommonOptions, DeviceOptions {
  readonly queue: string;
  readonly server: string;
  readonly token?: string;
  readonly shared?: string;
}

/** Runs jobs of a shared queue until a signal; a job that runs then goes back to the queue. */
export async function workerCommand(options: WorkerCommandOptions): Promise<void> {
  const { models, extraModels, data, token, shared } = options;
  const queue = parseQueue(options.queue);
  if (typeof queue === 'string')
    throw new GraphError('bad-value', 'A worker shares the queue of its server: give it the same --queue postgres://….');
  const devices = await engineDevices(options.device);
  if (devices.length === 0) throw new GraphError('bad-value', 'A worker needs a device: give it --device cpu, for example.');
  const { specs, problems } = await loadCatalogue();
  await warnOfModels(options);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const server = { url: serverUrl(options.server), token };
  const sizes = new ModelSizes();
  const worker = await startWorker({
    queue: queue.postgres,
    server,
    ...(shared === undefined ? {} : { shared: resolve(shared) }),
    models,
    data,
    specs,
    listModels: () => listModels(models, extraModels, sizes),
    listParts: () => listParts([models, ...extraModels]),
    startEngines: (folders) =>
      devices.map(({ device, settings }) =>
        startEngine({ ...engineOptions({ ...options, device, models, extraModels, data }), ...folders }, settings),
      ),
    log: createLog(),
  });
  process.stdout.write(`This worker runs jobs of ${server.url} on ${worker.devices.join(' and ')}\n`);
  await stopSignal();
  await worker.close();
}
