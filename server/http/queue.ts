import { type Request, Router } from 'express';
import { parseJson, stringifyJson } from '../../workflows/index.ts';
import type { JobRecord } from '../jobs/store.ts';
import { checked, readJson } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods, refusal } from './problems.ts';
import { HistoryDelete, HistoryQuerySchema, QueueCancel, QueueChange, QueueMove } from './schemas.ts';

/** A job of the history in a list. `cached`: nothing had to run. */
function summaryOf({ source: _, snapshot, ...job }: JobRecord): Record<string, unknown> {
  const { outputs = [], problems = [], nodes = {} } = snapshot ?? {};
  const states = Object.values(nodes);
  const cached = states.length > 0 && states.every(({ state }) => state === 'cached');
  return { ...job, cached, outputs, problems };
}

/** All that is kept of a job, with the workflow as it was sent, integers exact. */
function wholeOf(record: JobRecord): string {
  return stringifyJson({
    ...summaryOf(record),
    nodes: record.snapshot?.nodes ?? {},
    manifest: record.snapshot?.manifest,
    request: parseJson(record.source),
  });
}

/** The workflow as it was sent, integers exact. */
function documentOf({ source }: JobRecord): string {
  const request = parseJson(source);
  return stringifyJson(typeof request === 'object' && request !== null && 'workflow' in request ? request.workflow : {});
}

/** Everything under `/v1/queue` and `/v1/history`. */
export function queueRoutes({ jobs, limits }: ServerContext): Router {
  const router = Router();
  const body = (request: Request): Promise<unknown> => readJson(request, limits.queueBody);
  const recordOf = async (id: string): Promise<JobRecord> => {
    const record = await jobs.record(id);
    if (record === undefined) throw refusal(404, 'not-found', 'There is no such job. GET /v1/history lists those that have ended.');
    return record;
  };
  const state = async (): Promise<Record<string, unknown>> => {
    const { paused, waiting } = await jobs.queue();
    const running = jobs.unfinished().filter((job) => job.state === 'running');
    return { paused, running: running.map(({ nodes: _, manifest: __, ...job }) => job), waiting };
  };
  router
    .route('/queue')
    .get(async (_request, response) => {
      response.json(await state());
    })
    .patch(async (request, response) => {
      await jobs.pause(checked(QueueChange, await body(request)).paused);
      response.json(await state());
    })
    .all(onlyMethods('GET', 'PATCH'));
  router
    .route('/queue/move')
    .post(async (request, response) => {
      const move = checked(QueueMove, await body(request));
      await jobs.move(move.jobs, move.to);
      response.json(await state());
    })
    .all(onlyMethods('POST'));
  router
    .route('/queue/cancel')
    .post(async (request, response) => {
      for (const id of checked(QueueCancel, await body(request)).jobs) await jobs.cancel(id);
      response.json(await state());
    })
    .all(onlyMethods('POST'));
  router
    .route('/history')
    .get(async (request, response) => {
      const { jobs: page, next } = await jobs.history(checked(HistoryQuerySchema, request.query));
      response.json({ jobs: page.map(summaryOf), ...(next === undefined ? {} : { next }) });
    })
    .all(onlyMethods('GET'));
  router
    .route('/history/delete')
    .post(async (request, response) => {
      response.json({ deleted: await jobs.erase(checked(HistoryDelete, await body(request)).jobs) });
    })
    .all(onlyMethods('POST'));
  router
    .route('/history/:id/workflow')
    .get(async (request, response) => {
      response.type('application/json').send(documentOf(await recordOf(request.params.id)));
    })
    .all(onlyMethods('GET'));
  router
    .route('/history/:id')
    .get(async (request, response) => {
      response.type('application/json').send(wholeOf(await recordOf(request.params.id)));
    })
    .delete(async (request, response) => {
      const { id } = request.params;
      const waits = jobs.unfinished().some((job) => job.id === id);
      if (!waits) await recordOf(id);
      if (waits || (await jobs.erase([id])).length === 0) throw refusal(409, 'not-allowed', 'This job has not ended. Cancel it first.');
      response.status(204).end();
    })
    .all(onlyMethods('GET', 'DELETE'));
  return router;
}
