import type { IncomingMessage } from 'node:http';
import { type HostRules, isOurHost, judgeOrigin, type Verdict } from './hosts.ts';
import type { Gate } from './token.ts';

/** A request that is let in, or the status and the sentence to send it away with. */
export type Judgement =
  | { readonly admitted: true; readonly verdict: Exclude<Verdict, 'foreign'> }
  | { readonly admitted: false; readonly status: 401 | 403 | 429; readonly message: string };

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Host and Origin of a request, HTTP or upgrade: the guard against rebinding and forged requests. */
export function judgeSource(request: IncomingMessage, rules: HostRules): Judgement {
  const { headers, method = 'GET' } = request;
  if (!isOurHost(headers.host, rules)) {
    const message = `This server does not answer to the name ${JSON.stringify(headers.host ?? '')}. Use its address, or start it with --allow-origin for that name.`;
    return { admitted: false, status: 403, message };
  }
  const verdict = judgeOrigin(
    {
      method,
      host: headers.host,
      origin: headers.origin,
      referer: headers.referer,
      site: one(headers['sec-fetch-site']),
      mode: one(headers['sec-fetch-mode']),
      destination: one(headers['sec-fetch-dest']),
    },
    rules,
  );
  if (verdict !== 'foreign') return { admitted: true, verdict };
  const from = headers.origin ?? headers.referer ?? 'another site';
  const message = `Pages of ${from} may not use this server. If that page is yours, start the server with --allow-origin and its origin.`;
  return { admitted: false, status: 403, message };
}

/** Address of the other side; IPv4 within IPv6 is written as IPv4. */
export const addressOf = (request: IncomingMessage): string => (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');

/** Does the request bring the token, where one is needed? */
export function judgeToken(request: IncomingMessage, gate: Gate): { readonly status: 401 | 429; readonly message: string } | undefined {
  const { authorization, cookie, 'sec-websocket-protocol': protocols } = request.headers;
  switch (gate.admit({ authorization, cookie, protocols, address: addressOf(request) })) {
    case 'in':
      return undefined;
    case 'missing':
      return {
        status: 401,
        message: 'This server wants its token. Open the page with #token=… at the end of the address, or send “Authorization: Bearer …”.',
      };
    case 'wrong':
      return { status: 401, message: 'This is not the token of this server. Copy it again from where the server was started.' };
    case 'limited':
      return { status: 429, message: 'Too many wrong tokens came from this address. Wait a minute and try again.' };
  }
}
