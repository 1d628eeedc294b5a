import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { GraphError, type Problem, type ProblemCode } from '../../nodes/kit/index.ts';
import type { Log } from '../log.ts';

/** An answer that says what is wrong, with a status of its own. */
export class HttpError extends Error {
  readonly status: number;
  readonly problems: readonly Problem[];

  constructor(status: number, problems: readonly Problem[]) {
    super(problems[0]?.message ?? `Status ${status}`);
    this.name = 'HttpError';
    this.status = status;
    this.problems = problems;
  }
}

/** One problem and its status. */
export const refusal = (status: number, code: ProblemCode, message: string): HttpError => new HttpError(status, [{ code, message }]);

const statuses: Partial<Record<ProblemCode, number>> = {
  'too-large': 413,
  'missing-file': 404,
  'not-found': 404,
  'bad-image': 415,
  'duplicate-id': 409,
  'not-allowed': 403,
  busy: 503,
  'device-unavailable': 503,
  'engine-lost': 503,
  internal: 500,
};

/** Sends problems as JSON. */
export function sendProblems(response: Response, status: number, problems: readonly Problem[]): void {
  if (status === 503) response.set('Retry-After', '5');
  if (status === 429) response.set('Retry-After', '60');
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="litegraph-diffusion"');
  response.status(status).set('Cache-Control', 'no-store').json({ problems });
}

/** What express and Node throw for requests that are at fault themselves, such as a broken percent code: a status below 500. */
function requestFault(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown) || typeof thrown.status !== 'number') return undefined;
  return thrown.status >= 400 && thrown.status < 500 ? thrown.status : undefined;
}

function toHttpError(thrown: unknown): HttpError | undefined {
  if (thrown instanceof HttpError) return thrown;
  if (thrown instanceof GraphError) {
    const { code, message, place } = thrown;
    return new HttpError(statuses[code] ?? 400, [{ code, message, ...place }]);
  }
  const status = requestFault(thrown);
  if (status === 404) return refusal(404, 'not-found', 'There is nothing at this address.');
  if (status !== undefined)
    return refusal(status, 'bad-value', 'The server could not make sense of this request. Check its address and its headers.');
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')
    return refusal(507, 'busy', 'The disk is full. Free some space and try again.');
  return undefined;
}

/** Translates everything that a route throws; what nobody foresaw becomes a 500 without details, and is logged with them. */
export function answerProblems(log: Log): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = toHttpError(thrown);
    if (known === undefined) log.error({ err: thrown, method: request.method, path: request.path }, 'A request failed');
    const answer = known ?? refusal(500, 'internal', 'The server failed at this request. Its log says more.');
    if (next !== undefined) sendProblems(response, answer.status, answer.problems);
  };
}

/** 404 for everything that no route took. */
export const notFound: RequestHandler = (request) => {
  throw refusal(
    404,
    'not-found',
    `There is nothing at ${request.method} ${request.originalUrl.split('?')[0]}. GET /v1/openapi.json lists what there is.`,
  );
};

/** 405 for a path that exists with other methods. */
export function onlyMethods(...methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.set('Allow', methods.join(', '));
    throw refusal(405, 'bad-value', `${request.method} is not possible here; use ${methods.join(' or ')}.`);
  };
}
