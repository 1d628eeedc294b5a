import { Router } from 'express';
import { parseJson } from '../../workflows/index.ts';
import { BatchBody } from '../batch/wish.ts';
import { checked, readJson, readText } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods, refusal } from './problems.ts';

const unknownBatch = () => refusal(404, 'not-found', 'There is no such batch. GET /v1/batches lists those that there are.');

/** An id of a batch is the name of its folder. */
const isId = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id);

/** Everything under `/v1/batches`. */
export function batchRoutes({ batches, limits }: ServerContext): Router {
  const router = Router();
  const found = <T>(report: T | undefined): T => {
    if (report === undefined) throw unknownBatch();
    return report;
  };
  const known = (id: string): string => {
    if (!isId(id)) throw unknownBatch();
    return id;
  };
  router
    .route('/batches')
    .get(async (_request, response) => {
      response.json({ batches: await batches.list() });
    })
    .post(async (request, response) => {
      const report = await batches.start(checked(BatchBody, await readJson(request, limits.document)));
      response.status(202).set('Location', `/v1/batches/${report.id}`).json(report);
    })
    .all(onlyMethods('GET', 'POST'));
  router
    .route('/batches/:id')
    .get(async (request, response) => {
      response.json(found(await batches.find(known(request.params.id))));
    })
    .delete(async (request, response) => {
      response.json(found(await batches.cancel(known(request.params.id))));
    })
    .all(onlyMethods('GET', 'DELETE'));
  router
    .route('/batches/:id/resume')
    .post(async (request, response) => {
      const text = await readText(request, limits.document);
      const now = text.trim() === '' || text.trim() === '{}' ? undefined : checked(BatchBody, parseJson(text));
      response.status(202).json(found(await batches.resume(known(request.params.id), now)));
    })
    .all(onlyMethods('POST'));
  return router;
}
