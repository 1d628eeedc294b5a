import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { choiceFrom, defineNode, image, int, seed, specOf, text } from '../../nodes/kit/index.ts';
import type { Engine, RunEnd, RunRequest, RunSink } from '../../server/engine/types.ts';
import { silentLog } from '../../server/log.ts';
import { type RunningServer, type ServeOptions, startServer } from '../../server/serve.ts';
import {
  type ClientMessage,
  type DeviceStatus,
  decodePreview,
  type LoadedNetwork,
  type PreviewHeader,
  type ServerMessage,
  type UnloadChoice,
} from '../../workflows/protocol.ts';

const source = defineNode({
  type: 'Source',
  title: 'Source',
  category: 'image',
  help: 'Makes a picture.',
  inputs: {
    size: int({ help: 'Size.', default: 64, min: 16, max: 4096 }),
    seed: seed({ help: 'Seed.' }),
    text: text({ help: 'Text.', default: '' }),
  },
  outputs: { IMAGE: image({ help: 'The picture.' }) },
  run: () => ({ IMAGE: { dims: [1, 1, 1, 3], data: new Float32Array(3) } }),
});

const load = defineNode({
  type: 'Load',
  title: 'Load',
  category: 'image',
  help: 'Reads a picture.',
  inputs: { image: choiceFrom('input-images', { help: 'File.', upload: true }) },
  outputs: { IMAGE: image({ help: 'The picture.' }) },
  run: () => ({ IMAGE: { dims: [1, 1, 1, 3], data: new Float32Array(3) } }),
});

const show = defineNode({
  type: 'Show',
  title: 'Show',
  category: 'image',
  effect: 'show',
  help: 'Shows a picture.',
  inputs: { images: image({ help: 'The picture.' }) },
  outputs: {},
  run: () => ({}),
});

/** The node types that tests of the server use. */
export const specs = new Map([source, load, show].map((definition) => [definition.type, specOf(definition)]));

/** A workflow that is right; `size` tells one from another. */
export const workflow = (size = 64): Record<string, unknown> => ({
  '1': { class_type: 'Source', inputs: { size, seed: 7 } },
  '2': { class_type: 'Show', inputs: { images: ['1', 0] } },
});

/** A run that waits for the test to end it. */
export interface HeldRun {
  readonly request: RunRequest;
  readonly sink: RunSink;
  end(end: RunEnd): void;
}

/** An engine whose runs the test plays by hand, or by a script. */
export class FakeEngine implements Engine {
  device: DeviceStatus = { device: 'cpu', provider: 'CPUExecutionProvider', state: 'ready' };
  readonly runs: HeldRun[] = [];
  readonly cancelled: string[] = [];
  closed = false;
  script: ((request: RunRequest, sink: RunSink) => RunEnd | Promise<RunEnd>) | undefined;
  readonly #listeners = new Set<(device: DeviceStatus) => void>();
  readonly #waiting: ((run: HeldRun) => void)[] = [];

  run(request: RunRequest, sink: RunSink): Promise<RunEnd> {
    if (this.script !== undefined) return Promise.resolve(this.script(request, sink));
    return new Promise((end) => {
      const run = { request, sink, end };
      this.runs.push(run);
      this.#waiting.shift()?.(run);
    });
  }

  /** The next run that begins. */
  next(): Promise<HeldRun> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  cancel(job: string): void {
    this.cancelled.push(job);
    this.runs.find(({ request }) => request.job === job)?.end('cancelled');
  }

  onDevice(listener: (device: DeviceStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  loaded: readonly LoadedNetwork[] = [];
  readonly #loadedListeners = new Set<() => void>();

  onLoaded(listener: () => void): () => void {
    this.#loadedListeners.add(listener);
    return () => this.#loadedListeners.delete(listener);
  }

  /** These are loaded from now on. */
  load(networks: readonly LoadedNetwork[]): void {
    this.loaded = networks;
    for (const listener of this.#loadedListeners) listener();
  }

  async unload({ kind, model }: UnloadChoice): Promise<void> {
    this.load(this.loaded.filter((one) => (kind ?? one.kind) !== one.kind || (model ?? one.model) !== one.model));
  }

  become(state: DeviceStatus['state'], message?: string): void {
    this.device = { ...this.device, state, ...(message === undefined ? {} : { message }) };
    for (const listener of this.#listeners) listener(this.device);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** A server on a free port with an empty data folder; use `await using`. */
export interface Rig extends AsyncDisposable {
  readonly server: RunningServer;
  readonly url: string;
  readonly port: number;
  readonly data: string;
  readonly models: string;
  readonly engine: FakeEngine;
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'litegraph-diffusion-'));
}

/** Starts one. */
export async function startRig(options: Partial<ServeOptions> = {}, engine = new FakeEngine()): Promise<Rig> {
  const folder = await temporaryFolder();
  const data = options.data ?? join(folder, 'data');
  const models = options.models ?? join(folder, 'models');
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    allowOrigins: [],
    specs,
    listModels: async () => [{ name: 'tiny', family: 'sd1', bytes: 12, embedded: true }],
    startEngines: () => [engine],
    log: silentLog,
    queue: 'memory',
    ...options,
    data,
    models,
  });
  const dispose = async (): Promise<void> => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, url: server.url, port: Number(new URL(server.url).port), data, models, engine, [Symbol.asyncDispose]: dispose };
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  json(): unknown;
}

/** What to ask; the path goes out as it is, unlike with fetch. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Where a server is; on this machine if not said otherwise. */
export interface Where {
  readonly port: number;
  readonly host?: string;
}

/** One request, with nothing added or tidied up. */
export function ask(rig: Where, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: rig.host ?? '127.0.0.1', port: rig.port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text, json: () => JSON.parse(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends JSON. */
export const post = (rig: Where, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(rig, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** The codes in a problem answer. */
export function codesOf(answer: Answer): string[] {
  const body = answer.json();
  if (typeof body !== 'object' || body === null || !('problems' in body) || !Array.isArray(body.problems)) return [];
  return body.problems.map((problem: { code: string }) => problem.code);
}

/** A page's side of the socket: everything that came, and waiting for what is to come. */
export class Visitor {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly previews: { header: PreviewHeader; bytes: Uint8Array }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #changed: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, binary: boolean) => {
      const preview = binary ? decodePreview(data) : undefined;
      if (preview !== undefined) this.previews.push(preview);
      if (!binary) this.messages.push(JSON.parse(data.toString('utf8')));
      this.#changed();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#changed();
      });
    });
    socket.on('error', () => undefined);
  }

  send(message: ClientMessage | Record<string, unknown> | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Waits until `find` finds something. */
  async until<T>(find: (visitor: this) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find(this);
      if (found !== undefined && found !== false) return found;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`The socket closed; messages: ${JSON.stringify(this.messages).slice(0, 2000)}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The first message of a type that fits. */
  message<K extends ServerMessage['type']>(type: K, fits: (message: Extract<ServerMessage, { type: K }>) => boolean = () => true) {
    const isType = (message: ServerMessage): message is Extract<ServerMessage, { type: K }> => message.type === type;
    return this.until(({ messages }) => messages.filter(isType).find(fits));
  }

  /** Types of the events of a job, `state` with its state. */
  events(job: string): string[] {
    return this.messages.flatMap((message) => {
      if (message.type !== 'event' || message.event.job !== job) return [];
      return message.event.type === 'state' ? `state ${message.event.state}` : message.event.type;
    });
  }

  /** Waits for a job to reach a state. */
  reaches(job: string, state: string): Promise<true> {
    return this.until((visitor) => visitor.events(job).includes(`state ${state}`));
  }
}

/** Opens a socket; rejects with the status if it is refused. */
export function visit(
  rig: Where,
  options: { headers?: Record<string, string>; protocols?: string[]; path?: string } = {},
): Promise<Visitor> {
  const { headers = {}, protocols = ['ld.v1'], path = '/v1/socket' } = options;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${rig.host ?? '127.0.0.1'}:${rig.port}${path}`, protocols, { headers });
    const visitor = new Visitor(socket);
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      reject(new Error(`status ${response.statusCode}`));
    });
    socket.once('open', () => resolve(visitor)).once('error', reject);
  });
}

/** The smallest PNG: one pixel. */
export const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
