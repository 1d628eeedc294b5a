import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import type { RequestHandler } from 'express';
import type { Limits } from '../security/limits.ts';
import { refusal } from './problems.ts';

/** What clients are told of how long an idle connection stays open, in seconds. */
const promised = 5;

/** How long it does, in ms: a client that is late with its next request finds it open all the same. */
const kept = 20_000;

/** Connections beyond the limit that still get an answer, as a multiple of the limit; further ones are cut off. */
const answered = 4;

const tooManyConnections = 'The server has too many connections open. Try again in a moment, with fewer at once.';
const tooManyBytes = 'The server is reading as much as it can hold. Try again in a moment, with less at once.';

type Bounds = Pick<Limits, 'connections' | 'bodies' | 'document'>;

/** How many connections are open and how much is being read; who is too much is told so instead of being cut off. */
export class Crowd {
  readonly #bounds: Bounds;
  /** Opened while there were too many. */
  readonly #late = new WeakSet<Socket>();
  #connections = 0;
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** A server that counts its connections here. */
  serve(): Server {
    const server = createServer({ keepAlive: true, keepAliveTimeout: kept, headersTimeout: 20_000, requestTimeout: 120_000 });
    server.maxConnections = this.#bounds.connections * answered;
    return server.on('connection', (socket) => this.#meet(socket));
  }

  /** Was this connection opened while there were too many? Gives what its user is told. */
  turnedAway({ socket }: IncomingMessage): string | undefined {
    return this.#late.has(socket) ? tooManyConnections : undefined;
  }

  /** Lets requests in as far as there is room; the others get 503. Counts the bodies of those that are let in until they are answered. */
  admit(): RequestHandler {
    return async (request, response, next) => {
      const bytes = this.#bytesOf(request);
      const full = this.#bytes > 0 && this.#bytes + bytes > this.#bounds.bodies ? tooManyBytes : undefined;
      const reason = this.turnedAway(request) ?? full;
      // Idle connections are not hoarded when there are many.
      if (reason !== undefined || this.#connections > this.#bounds.connections / 2) response.set('Connection', 'close');
      else response.set('Keep-Alive', `timeout=${promised}`);
      if (reason !== undefined) {
        // An answer before the end of the body would be lost with the connection.
        await finished(request.resume()).catch(() => undefined);
        throw refusal(503, 'busy', reason);
      }
      this.#bytes += bytes;
      response.once('close', () => {
        this.#bytes -= bytes;
      });
      next();
    };
  }

  /** No document is larger than its limit; a body that does not tell its size is taken for as large. */
  #bytesOf({ headers }: IncomingMessage): number {
    const told = headers['content-length'] ?? (headers['transfer-encoding'] === undefined ? 0 : Number.POSITIVE_INFINITY);
    return Math.min(Number(told), this.#bounds.document);
  }

  #meet(socket: Socket): void {
    if (++this.#connections > this.#bounds.connections) this.#late.add(socket);
    socket.once('close', () => {
      this.#connections -= 1;
    });
  }
}
