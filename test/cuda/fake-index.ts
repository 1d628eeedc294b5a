import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zipSync } from 'fflate';
import type { PinnedPackage, PinnedSet } from '../../server/cuda/packages.ts';

/** A wheel with one library of `size` bytes that do not compress. */
export function wheel(
  project: string,
  { library, size = 50_000 }: { library: string; size?: number },
): { pinned: PinnedPackage; bytes: Uint8Array } {
  let state = project.length;
  const content = Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >>> 24;
  });
  const entry = `nvidia/lib/${library}`;
  const bytes = zipSync({
    [entry]: content,
    'nvidia/lib/other.so': new Uint8Array(9),
    [`${project}.dist-info/METADATA`]: new Uint8Array(30),
  });
  const pinned = {
    project,
    version: '1.0',
    file: `${project}-1.0-py3-none-any.whl`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    replaceable: project !== 'onnxruntime-gpu',
    libraries: [{ entry, name: library, bytes: size }],
  };
  return { pinned, bytes };
}

/** How a fake index behaves. */
export interface Behaviour {
  /** PEP 503 pages instead of PEP 691. */
  readonly html?: boolean;
  /** Stops the first answer of each file after this many bytes, until it is cut. */
  readonly cutAfter?: number;
  /** Ignores Range. */
  readonly noRange?: boolean;
  /** Wants this in Authorization. */
  readonly authorization?: string;
}

/** A package index on this machine. */
export class FakeIndex {
  readonly requests: string[] = [];
  behaviour: Behaviour = {};
  readonly #files = new Map<string, Uint8Array>();
  readonly #cut = new Set<string>();
  #waiting: ServerResponse[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(wheels: readonly { pinned: PinnedPackage; bytes: Uint8Array }[]): Promise<FakeIndex> {
    const index = new FakeIndex();
    for (const { pinned, bytes } of wheels) index.#files.set(pinned.file, bytes);
    await new Promise<void>((resolve) => index.#server.listen(0, '127.0.0.1', resolve));
    return index;
  }

  get url(): string {
    const address = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}/simple`;
  }

  /** Cuts the answers that have stopped. */
  cut(): void {
    for (const response of this.#waiting) response.destroy();
    this.#waiting = [];
  }

  replace(file: string, bytes: Uint8Array): void {
    this.#files.set(file, bytes);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(`${path}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    const { html, authorization } = this.behaviour;
    if (authorization !== undefined && request.headers.authorization !== authorization) response.writeHead(401).end();
    else if (path.startsWith('/files/')) this.#send(path.slice('/files/'.length), { request, response });
    else {
      const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1] ?? '';
      const files = [...this.#files.keys()].filter((name) => name.startsWith(`${project}-`));
      if (files.length === 0) response.writeHead(404).end();
      else if (html === true) {
        const links = files.map((name) => `<a href="../../files/${name}#sha256=0" data-requires-python="&gt;=3.9">${name}</a>`);
        response.writeHead(200, { 'content-type': 'text/html' }).end(`<!DOCTYPE html><body>${links.join('<br>')}</body>`);
      } else {
        const list = { files: files.map((filename) => ({ filename, url: `/files/${filename}`, hashes: {} })) };
        response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' }).end(JSON.stringify(list));
      }
    }
  }

  #send(name: string, { request, response }: { request: IncomingMessage; response: ServerResponse }): void {
    const bytes = this.#files.get(name) ?? new Uint8Array();
    const { cutAfter, noRange } = this.behaviour;
    const from = noRange ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from });
    if (cutAfter !== undefined && !this.#cut.has(name)) {
      this.#cut.add(name);
      response.write(bytes.subarray(from, from + cutAfter));
      this.#waiting.push(response);
    } else response.end(bytes.subarray(from));
  }
}

/** A set of these wheels. */
export const setOf = (wheels: readonly { pinned: PinnedPackage }[]): PinnedSet => ({
  onnxruntime: '1.30.0',
  driver: 580,
  packages: wheels.map(({ pinned }) => pinned),
});
