import { once } from 'node:events';
import { type Request, type Response, Router } from 'express';
import type { JobLog } from '../jobs/log.ts';
import { submitRun } from '../jobs/submit.ts';
import { checked, readJson, readText } from './body.ts';
import type { ServerContext } from './context.ts';
import { HttpError, onlyMethods, refusal } from './problems.ts';
import { EventsQuery, JobChange, JobsQuery } from './schemas.ts';

function unknownJob(id: string): HttpError {
  return refusal(
    404,
    'not-found',
    `There is no job ${JSON.stringify(id.slice(0, 80))}. Finished jobs are forgotten after a while; GET /v1/jobs lists those that are known.`,
  );
}

/** Everything under `/v1/jobs`. */
export function jobRoutes(context: ServerContext): Router {
  const { jobs, limits } = context;
  const router = Router();
  router
    .route('/jobs')
    .get((request, response) => {
      const { limit } = checked(JobsQuery, request.query);
      response.json({ jobs: jobs.recent(limit).map(({ nodes: _, ...rest }) => rest) });
    })
    .post(async (request, response) => {
      const answer = await submitRun({ body: await readText(request, limits.document) }, context);
      if ('problems' in answer) throw new HttpError(400, answer.problems);
      const { job, warnings } = answer;
      const { id, state, position } = job;
      response.status(202).set('Location', `/v1/jobs/${id}`).json({ id, state, position, warnings });
    })
    .all(onlyMethods('GET', 'POST'));
  router
    .route('/jobs/:id')
    .get((request, response) => {
      const job = jobs.snapshot(request.params.id);
      if (job === undefined) throw unknownJob(request.params.id);
      response.json(job);
    })
    .patch(async (request, response) => {
      const { state } = checked(JobChange, await readJson(request, limits.body));
      const job = await jobs.hold(request.params.id, state === 'paused');
      if (job === undefined) throw unknownJob(request.params.id);
      if (job.state !== state) throw refusal(409, 'bad-value', `The job is ${job.state}; only a job that waits can be held or released.`);
      response.json(job);
    })
    .delete(async (request, response) => {
      const job = await jobs.cancel(request.params.id);
      if (job === undefined) throw unknownJob(request.params.id);
      response.json(job);
    })
    .all(onlyMethods('GET', 'PATCH', 'DELETE'));
  router
    .route('/jobs/:id/events')
    .get(async (request, response) => {
      const { after } = checked(EventsQuery, request.query);
      const log = jobs.log(request.params.id);
      if (log === undefined) throw unknownJob(request.params.id);
      await streamEvents(log, after, { request, response });
    })
    .all(onlyMethods('GET'));
  router
    .route('/jobs/:id/steps')
    .get((request, response) => {
      const nodes = jobs.recorded(request.params.id);
      if (nodes === undefined) throw unknownJob(request.params.id);
      response.json({ nodes });
    })
    .all(onlyMethods('GET'));
  router
    .route('/jobs/:id/steps/:node/:index')
    .get((request, response) => {
      const { id, node, index } = request.params;
      const jpeg = jobs.recordedStep(id, node, Number(index));
      if (jpeg === undefined) {
        throw refusal(404, 'not-found', 'There is no such recorded step. GET /v1/jobs/:id/steps lists those that are there.');
      }
      response.set({ 'Content-Type': 'image/jpeg', 'Cache-Control': 'private, max-age=3600' }).send(Buffer.from(jpeg));
    })
    .all(onlyMethods('GET'));
  return router;
}

/** One event a line, to the end of the job; waits for slow readers. */
async function streamEvents(log: JobLog, after: number, { request, response }: { request: Request; response: Response }): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.set({ 'Content-Type': 'application/x-ndjson; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  for await (const { json } of log.follow(gone.signal, after)) {
    if (response.write(`${json}\n`)) continue;
    await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  }
  response.end();
}
