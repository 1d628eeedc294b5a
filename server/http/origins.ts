import type { RequestHandler, Response } from 'express';
import { judgeSource } from '../security/guard.ts';
import { isOurHost } from '../security/hosts.ts';
import type { ServerContext } from './context.ts';
import { refusal } from './problems.ts';

function allow(response: Response, origin: string): void {
  response.set('Access-Control-Allow-Origin', origin);
  response.set('Access-Control-Expose-Headers', 'Location, Retry-After');
  response.set('Cross-Origin-Resource-Policy', 'cross-origin');
}

function answerPreflight(response: Response, privateNetwork: boolean): void {
  response.set('Access-Control-Allow-Methods', 'GET, POST, PATCH, DELETE');
  response.set('Access-Control-Allow-Headers', 'authorization, content-type');
  response.set('Access-Control-Max-Age', '600');
  if (privateNetwork) response.set('Access-Control-Allow-Private-Network', 'true');
  response.status(204).end();
}

/** Refuses foreign hosts and origins, and lets the listed host pages read the answers. */
export function checkSource({ rules }: ServerContext): RequestHandler {
  return (request, response, next) => {
    response.vary('Origin');
    const judgement = judgeSource(request, rules);
    if (!judgement.admitted) throw refusal(judgement.status, 'not-allowed', judgement.message);
    if (judgement.verdict === 'allowed') allow(response, request.headers.origin ?? originOfPage(request.headers.referer));
    if (request.method === 'OPTIONS') answerPreflight(response, request.headers['access-control-request-private-network'] === 'true');
    else next();
  };
}

const originOfPage = (referer: string | undefined): string => new URL(referer ?? '').origin;

/** For the plugin's scripts, which hold no secrets: any page may load them by a script tag, listed ones as modules too. */
export function checkHost({ rules }: ServerContext): RequestHandler {
  return (request, response, next) => {
    const { host, origin } = request.headers;
    if (!isOurHost(host, rules))
      throw refusal(403, 'not-allowed', `This server does not answer to the name ${JSON.stringify(host ?? '')}.`);
    response.vary('Origin').set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (origin !== undefined && rules.origins.has(origin)) response.set('Access-Control-Allow-Origin', origin);
    next();
  };
}
