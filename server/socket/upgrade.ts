import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ServerContext } from '../http/context.ts';
import { judgeSource, judgeToken } from '../security/guard.ts';
import { socketProtocol } from '../security/token.ts';
import type { SocketHub } from './hub.ts';
import { workerProtocol } from './worker-link.ts';

interface Refusal {
  readonly status: number;
  readonly message: string;
}

const pagePath = '/v1/socket';
const workerPath = '/v1/workers/socket';

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

const offered = (request: IncomingMessage): readonly string[] =>
  (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Why a socket is not opened, or undefined if it is. */
function refused(request: IncomingMessage, context: ServerContext, open: number): Refusal | undefined {
  const source = judgeSource(request, context.rules);
  if (!source.admitted) return source;
  const full = context.crowd.turnedAway(request);
  if (full !== undefined) return { status: 503, message: full };
  const path = pathOf(request);
  if (path !== pagePath && path !== workerPath)
    return { status: 404, message: `There is no socket at this address; it is at ${pagePath}.` };
  const token = judgeToken(request, context.gate);
  if (token !== undefined) return token;
  const protocols = offered(request);
  if (path === workerPath && context.jobs.elsewhere === undefined)
    return { status: 404, message: 'This server shares its queue with nobody: start it with --queue postgres://….' };
  const protocol = path === workerPath ? workerProtocol : socketProtocol;
  if (protocols.length > 0 && !protocols.includes(protocol)) {
    return { status: 400, message: `This server speaks the socket protocol ${protocol}; offer it.` };
  }
  if (path === workerPath) return undefined;
  if (open >= context.limits.sockets) return { status: 503, message: 'Too many pages are open. Close one and try again.' };
  return undefined;
}

function answer(socket: Duplex, { status, message }: Refusal): void {
  const code = status === 503 ? 'busy' : status === 404 ? 'not-found' : status === 400 ? 'bad-value' : 'not-allowed';
  const body = JSON.stringify({ problems: [{ code, message }] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Opens sockets for those who are let in; to be called on each `upgrade` of the HTTP server. */
export function upgrades(context: ServerContext, hub: SocketHub): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const opener = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // A document stands in its message as a string, and quotes in it are escaped.
    maxPayload: context.limits.document * 2,
    handleProtocols: (protocols) => [socketProtocol, workerProtocol].find((protocol) => protocols.has(protocol)) ?? false,
  });
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal = refused(request, context, hub.size);
    if (refusal !== undefined) answer(socket, refusal);
    else if (pathOf(request) === workerPath) opener.handleUpgrade(request, socket, head, (open) => hub.welcomeWorker(open));
    else opener.handleUpgrade(request, socket, head, (open) => hub.welcome(open, socket));
  };
}
