import type { Server } from 'node:http';
import { GraphError } from '../../nodes/kit/index.ts';

/** Where to listen; port 0 is any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Connections that may wait to be accepted while the server is at work; the system may allow fewer. */
const backlog = 4096;

/** Listens; gives the port. Throws `bad-value` if the address is taken or not there. */
export function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new GraphError('bad-value', listenProblem(error, host, port), { cause: error })),
    );
    server.listen({ host, port, backlog }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} is in use already, perhaps by another server of ours. Stop it, or choose another one with --port.`;
  if (error.code === 'EACCES') return `Port ${port} may not be used by this user. Choose one above 1023 with --port.`;
  return `The server cannot listen on ${host}, port ${port}: ${error.message}. Choose an address of this machine with --host.`;
}

/** Ends connections: those that are idle at once, those in an answer after a short while. */
export function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), 1000);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Where to open the page. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
