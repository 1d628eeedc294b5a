import { type RequestHandler, Router } from 'express';
import { addressOf, judgeToken } from '../security/guard.ts';
import { checked, readJson } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods, refusal } from './problems.ts';
import { SessionBody } from './schemas.ts';

/** `POST /v1/session`: a page shows the token once and gets a cookie that scripts cannot read. */
export function sessionRoutes({ gate, limits }: ServerContext): Router {
  const router = Router();
  router
    .route('/session')
    .post(async (request, response) => {
      const { token } = checked(SessionBody, await readJson(request, limits.body));
      const admission = gate.check(token, addressOf(request));
      if (admission === 'limited')
        throw refusal(429, 'not-allowed', 'Too many wrong tokens came from this address. Wait a minute and try again.');
      if (admission === 'wrong')
        throw refusal(401, 'not-allowed', 'This is not the token of this server. Copy it again from where the server was started.');
      response.set('Set-Cookie', gate.sessionCookie()).status(204).end();
    })
    .all(onlyMethods('POST'));
  return router;
}

/** Lets nobody pass without the token, where the server has one. */
export function requireToken({ gate }: ServerContext): RequestHandler {
  return (request, _response, next) => {
    const refused = judgeToken(request, gate);
    if (refused !== undefined) throw refusal(refused.status, 'not-allowed', refused.message);
    next();
  };
}
