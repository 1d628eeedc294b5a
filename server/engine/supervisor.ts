import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../../nodes/kit/index.ts';
import type { DeviceStatus } from '../../workflows/index.ts';
import type { LoadedNetwork, UnloadChoice } from '../../workflows/protocol.ts';
import type { FromEngine, ToEngine } from './messages.ts';
import type { Engine, EngineOptions, RunEnd, RunRequest, RunSink } from './types.ts';

/** How the supervisor waits; in ms. */
export interface Patience {
  /** From a cancel to the kill: one long step of a large model must fit in. */
  readonly cancel: number;
  /** From asking to close to the kill. */
  readonly close: number;
  /** Before the first new start after a loss; doubled up to `longestRestart` while it goes on failing. */
  readonly restart: number;
  readonly longestRestart: number;
}

const usual: Patience = { cancel: 10_000, close: 3_000, restart: 200, longestRestart: 30_000 };

/** An engine that was lost this often before it was ever ready is not started again. */
const mostFirstStarts = 4;

/** What the environment of the child holds beyond our own; the CUDA libraries' path, for one. */
export interface ChildSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly patience?: Partial<Patience>;
}

interface Current {
  readonly request: RunRequest;
  readonly sink: RunSink;
  readonly end: (end: RunEnd) => void;
  cancelled: boolean;
  timer?: NodeJS.Timeout;
}

/** One engine child, started again when it is lost. */
export class EngineSupervisor implements Engine {
  readonly #options: EngineOptions;
  readonly #settings: ChildSettings;
  readonly #patience: Patience;
  readonly #listeners = new Set<(device: DeviceStatus) => void>();
  readonly #loadedListeners = new Set<() => void>();
  /** Answers that unloading waits for, by number. */
  readonly #unloading = new Map<number, () => void>();
  #lastUnload = 0;
  #loaded: readonly LoadedNetwork[] = [];
  #device: DeviceStatus;
  #child: ChildProcess | undefined;
  #current: Current | undefined;
  #ready: Promise<void> = Promise.resolve();
  #failures = 0;
  #restarting: NodeJS.Timeout | undefined;
  #closed = false;
  #everReady = false;

  constructor(options: EngineOptions, settings: ChildSettings = {}) {
    this.#options = options;
    this.#settings = settings;
    this.#patience = { ...usual, ...settings.patience };
    this.#device = { device: options.device, provider: '', state: 'starting' };
    this.#start();
  }

  get device(): DeviceStatus {
    return this.#device;
  }

  /** The child's process id while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onDevice(listener: (device: DeviceStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get loaded(): readonly LoadedNetwork[] {
    return this.#loaded;
  }

  onLoaded(listener: () => void): () => void {
    this.#loadedListeners.add(listener);
    return () => this.#loadedListeners.delete(listener);
  }

  /** A child that ends meanwhile has given everything back. */
  async unload(choice: UnloadChoice): Promise<void> {
    if (this.#child?.connected !== true) return;
    const number = ++this.#lastUnload;
    const answered = new Promise<void>((resolve) => this.#unloading.set(number, resolve));
    this.#send({ type: 'unload', number, choice });
    await answered;
  }

  async run(request: RunRequest, sink: RunSink): Promise<RunEnd> {
    await this.#ready;
    return new Promise((end) => {
      this.#current = { request, sink, end, cancelled: false };
      if (this.#child === undefined || this.#device.state !== 'ready') this.#lose(this.#device.message ?? 'it is not running');
      else this.#send({ type: 'run', request });
    });
  }

  cancel(job: string): void {
    const current = this.#current;
    if (current?.request.job !== job || current.cancelled) return;
    current.cancelled = true;
    this.#send({ type: 'cancel', job });
    current.timer = setTimeout(() => this.#child?.kill('SIGKILL'), this.#patience.cancel);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restarting);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#send({ type: 'close' });
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#patience.close);
    await gone;
    clearTimeout(timer);
  }

  #start(): void {
    const child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [], {
      serialization: 'advanced',
      env: { ...process.env, ...this.#settings.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#ready = new Promise((resolve) => {
      child.on('message', (message: FromEngine) => {
        this.#hear(message);
        if (message.type === 'ready' || message.type === 'unusable') resolve();
      });
      child.once('exit', (code, signal) => {
        this.#gone(child, signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`);
        resolve();
      });
      child.once('error', () => resolve());
    });
    this.#send({ type: 'start', options: this.#options });
  }

  #send(message: ToEngine): void {
    // A message to a child that is just ending is lost with it; its exit is what counts then.
    if (this.#child?.connected) this.#child.send(message, () => undefined);
  }

  #hear(message: FromEngine): void {
    switch (message.type) {
      case 'ready': {
        const { type: _, ...status } = message;
        this.#failures = 0;
        this.#everReady = true;
        this.#tell({ ...status, state: 'ready' });
        break;
      }
      case 'unusable':
        this.#tell({ ...this.#device, state: 'failed', message: message.message });
        break;
      case 'events':
        if (this.#current?.request.job === message.job) for (const event of message.events) this.#current.sink.event(event);
        break;
      case 'preview':
        if (this.#current?.request.job === message.header.job) this.#current.sink.preview(message.header, message.jpeg);
        break;
      case 'recorded':
        if (this.#current?.request.job === message.header.job) this.#current.sink.recorded(message.header, message.jpeg);
        break;
      case 'loaded':
        this.#hold(message.networks);
        break;
      case 'unloaded':
        this.#unloading.get(message.number)?.();
        this.#unloading.delete(message.number);
        break;
      case 'ended':
        if (this.#current?.request.job === message.job) this.#finish(message.end);
    }
  }

  #finish(end: RunEnd): void {
    const current = this.#current;
    this.#current = undefined;
    clearTimeout(current?.timer);
    current?.end(end);
  }

  /** Ends the present run for want of a child. */
  #lose(cause: string): void {
    if (this.#current === undefined) return;
    if (this.#current.cancelled) {
      this.#finish('cancelled');
      return;
    }
    const lost = `The engine was lost while this ran: ${cause}. The usual cause is too little memory: try a smaller size or batch. It is being started again.`;
    const failed = this.#device.state === 'failed';
    const problem: Problem = failed ? { code: 'device-unavailable', message: cause } : { code: 'engine-lost', message: lost };
    this.#current.sink.event({ type: 'problem', problem });
    this.#finish('failed');
  }

  #gone(child: ChildProcess, cause: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#hold([]);
    for (const answer of this.#unloading.values()) answer();
    this.#unloading.clear();
    this.#lose(cause);
    if (this.#closed || this.#device.state === 'failed') return;
    if (!this.#everReady && this.#failures + 1 >= mostFirstStarts) {
      const message = `The engine cannot be started: ${cause}, ${this.#failures + 1} times. What it wrote above may say why; a reinstallation (npm ci) mends a broken native library.`;
      this.#tell({ ...this.#device, state: 'failed', message });
      return;
    }
    this.#tell({ ...this.#device, state: 'restarting', message: `The engine was lost (${cause}) and is being started again.` });
    const wait = Math.min(this.#patience.restart * 2 ** this.#failures++, this.#patience.longestRestart);
    this.#ready = new Promise((resolve) => {
      this.#restarting = setTimeout(() => {
        this.#start();
        void this.#ready.then(resolve);
      }, wait);
    });
  }

  #hold(networks: readonly LoadedNetwork[]): void {
    if (networks.length === 0 && this.#loaded.length === 0) return;
    this.#loaded = networks;
    for (const listener of this.#loadedListeners) listener();
  }

  #tell(device: DeviceStatus): void {
    this.#device = device;
    for (const listener of this.#listeners) listener(device);
  }
}

/** Starts an engine child for a device. */
export const startEngine = (options: EngineOptions, settings?: ChildSettings): Engine => new EngineSupervisor(options, settings);
