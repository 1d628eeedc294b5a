import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageFile, toProblem } from '../../nodes/kit/index.ts';
import type { DeviceStatus, LoadedNetwork, RunEvent, UnloadChoice } from '../../workflows/protocol.ts';
import type { Engine, RunEnd, RunRequest, RunSink } from '../engine/types.ts';
import type { DataFolders } from '../files/paths.ts';
import { JobLost, type ServerClient } from './server-client.ts';

/** What pictures are sent with. */
export interface RelayParts {
  /** Undefined where the engine writes into the server's own folders. */
  readonly client: ServerClient | undefined;
  /** Hears of recorded steps. */
  readonly recorded: RunSink['recorded'];
  /** The id of this worker. */
  readonly worker: string;
  /** Where the engine writes. */
  readonly images: DataFolders['images'];
}

interface Current {
  readonly job: string;
  readonly abort: AbortController;
}

/** An engine whose pictures go to the server before they are told of, under the names that they get there. */
export class RelayedEngine implements Engine {
  readonly #engine: Engine;
  readonly #parts: RelayParts;
  #current: Current | undefined;

  constructor(engine: Engine, parts: RelayParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  get device(): DeviceStatus {
    return this.#engine.device;
  }

  onDevice(listener: (device: DeviceStatus) => void): () => void {
    return this.#engine.onDevice(listener);
  }

  get loaded(): readonly LoadedNetwork[] {
    return this.#engine.loaded;
  }

  unload(choice: UnloadChoice): Promise<void> {
    return this.#engine.unload(choice);
  }

  onLoaded(listener: () => void): () => void {
    return this.#engine.onLoaded(listener);
  }

  async run(request: RunRequest, sink: RunSink): Promise<RunEnd> {
    const { job } = request;
    const current: Current = { job, abort: new AbortController() };
    this.#current = current;
    let told: Promise<void> = Promise.resolve();
    let trouble: RunEnd | undefined;
    const counts = new Map<string, number>();
    // Events stay in order: what comes after a picture waits until the server has it.
    const event = (heard: RunEvent): void => {
      told = told
        .then(async () => {
          if (trouble === undefined) sink.event(await this.#sent(heard, { current, counts }));
        })
        .catch((thrown: unknown) => {
          const away = thrown instanceof JobLost || current.abort.signal.aborted;
          trouble = away ? 'cancelled' : 'failed';
          if (!away) sink.event({ type: 'problem', problem: toProblem(thrown, 'node' in heard ? { node: heard.node } : {}) });
          this.#engine.cancel(job);
        });
    };
    const end = await this.#engine.run(request, {
      event,
      preview: (header, jpeg) => sink.preview(header, jpeg),
      recorded: this.#parts.recorded,
    });
    await told;
    if (this.#current === current) this.#current = undefined;
    return trouble ?? end;
  }

  cancel(job: string): void {
    if (this.#current?.job === job) this.#current.abort.abort();
    this.#engine.cancel(job);
  }

  close(): Promise<void> {
    this.#current?.abort.abort();
    return this.#engine.close();
  }

  async #sent(event: RunEvent, run: { current: Current; counts: Map<string, number> }): Promise<RunEvent> {
    if (event.type !== 'shown' || event.content.kind !== 'images') return event;
    const files: ImageFile[] = [];
    for (const file of event.content.files) {
      const count = (run.counts.get(event.node) ?? 0) + 1;
      run.counts.set(event.node, count);
      files.push(await this.#send(file, `${event.node} ${count}`, run.current));
    }
    return { ...event, content: { ...event.content, files } };
  }

  async #send(file: ImageFile, key: string, { job, abort }: Current): Promise<ImageFile> {
    const { folder, name } = file;
    const { client, worker, images } = this.#parts;
    if (folder === 'input' || client === undefined) return file;
    const path = join(images[folder], name);
    const { name: called } = await client.send(path, { worker, job, folder, name, key }, abort.signal);
    // A preview may be shown again from the cache.
    if (folder === 'output') await rm(path, { force: true });
    return { ...file, name: called };
  }
}
