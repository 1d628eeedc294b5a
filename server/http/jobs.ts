import { once } from 'node:events';
import { type Request, type Response, Router } from 'express';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import type { JobLog } from '../jobs/log.ts';
import { readAgain, submitRun } from '../jobs/submit.ts';
import { checked, readJson, readText } from './body.ts';
import type { ServerContext } from './context.ts';
import { HttpError, onlyMethods, refusal } from './problems.ts';
import { EventsQuery, JobChange, JobsQuery } from './schemas.ts';

function unknownJob(id: string): HttpError {
  return refusal(
    404,
    'not-found',
    `There is no job ${JSON.stringify(id.slice(0, 80))}. GET /v1/queue lists those that wait, GET /v1/history those that have ended.`,
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
      response.json({ jobs: jobs.recent(limit).map(({ nodes: _, manifest: __, ...rest }) => rest) });
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
    .get(async (request, response) => {
      const job = await jobs.find(request.params.id);
      if (job === undefined) throw unknownJob(request.params.id);
      response.json(job);
    })
    .patch(async (request, response) => {
      const { id } = request.params;
      const { state, priority } = checked(JobChange, await readJson(request, limits.body));
      if (priority !== undefined) await jobs.prioritise([id], priority);
      const job = await (state === undefined ? jobs.find(id) : jobs.hold(id, state === 'paused'));
      if (job === undefined) throw unknownJob(id);
      const waits = job.state === 'queued' || job.state === 'paused';
      if (!waits || (state !== undefined && job.state !== state))
        throw refusal(409, 'bad-value', `The job is ${job.state}; only a job that waits can be held, released or moved.`);
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
      const { id } = request.params;
      const log = jobs.log(id);
      const ended = log === undefined ? await jobs.find(id) : undefined;
      if (log !== undefined) await streamEvents(log, after, { request, response });
      else if (ended !== undefined) sendEnd(ended, response);
      else throw unknownJob(id);
    })
    .all(onlyMethods('GET'));
  router
    .route('/jobs/:id/retry')
    .post(async (request, response) => {
      const job = await jobs.retry(request.params.id, (source) => readAgain(source, context));
      if (job === undefined) throw unknownJob(request.params.id);
      const { id, state, position } = job;
      response.status(202).set('Location', `/v1/jobs/${id}`).json({ id, state, position, warnings: [] });
    })
    .all(onlyMethods('POST'));
  router
    .route('/jobs/:id/steps')
    .get((request, response) => {
      if (jobs.log(request.params.id) === undefined) throw unknownJob(request.params.id);
      response.json({ nodes: jobs.recordings.list(request.params.id) });
    })
    .all(onlyMethods('GET'));
  router
    .route('/jobs/:id/steps/:node/:index')
    .get((request, response) => {
      const { id, node, index } = request.params;
      const jpeg = jobs.recordings.step(id, node, Number(index));
      if (jpeg === undefined) {
        throw refusal(404, 'not-found', 'There is no such recorded step. GET /v1/jobs/:id/steps lists those that are there.');
      }
      response.set({ 'Content-Type': 'image/jpeg', 'Cache-Control': 'private, max-age=3600' }).send(Buffer.from(jpeg));
    })
    .all(onlyMethods('GET'));
  return router;
}

const ndjson = { 'Content-Type': 'application/x-ndjson; charset=utf-8', 'Cache-Control': 'no-store' };

/** Of a job that only the history knows, the end is all there is to tell. */
function sendEnd({ id, state, ended, created, seq }: JobSnapshot, response: Response): void {
  const event = { type: 'state', state, at: ended ?? created, job: id, seq };
  response.set(ndjson).send(`${JSON.stringify(event)}\n`);
}

/** One event a line, to the end of the job; waits for slow readers. */
async function streamEvents(log: JobLog, after: number, { request, response }: { request: Request; response: Response }): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.set({ ...ndjson, 'X-Accel-Buffering': 'no' });
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
