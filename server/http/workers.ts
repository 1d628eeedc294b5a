import { rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Router } from 'express';
import { GraphError, type ImageFile } from '../../nodes/kit/index.ts';
import { exactNumber, splitPrefix } from '../engine/images/file-names.ts';
import { writeUnfinished } from '../files/saved-pictures.ts';
import { checkPicture } from '../files/uploads.ts';
import { writeExact, writeNumbered } from '../files/write-numbered.ts';
import { keptName } from '../jobs/read.ts';
import { checked } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods, refusal } from './problems.ts';
import { PictureQuery } from './schemas.ts';

/** Everything under `/v1/workers`. */
export function workerRoutes(context: ServerContext): Router {
  const router = Router();
  router
    .route('/workers')
    .get((_request, response) => {
      response.json({ workers: context.workers() });
    })
    .all(onlyMethods('GET'));
  router
    .route('/workers/:worker/jobs/:job/pictures')
    .post(async (request, response) => {
      const { worker, job } = request.params;
      const query = checked(PictureQuery, request.query);
      await checkRunner(job, worker, context);
      const bytes = await readBytes(request, context.limits.workerPicture);
      const header = checkPicture(bytes, context.limits.workerPixels);
      // While the picture came the job may have been given to another worker.
      await checkRunner(job, worker, context);
      const { width, height } = header;
      const saveAs = keptName((await context.jobs.record(job))?.source);
      const name = await keep(bytes, { ...query, job, saveAs }, context);
      const file: ImageFile = { folder: query.folder, name, width, height };
      response.status(201).json(file);
    })
    .all(onlyMethods('POST'));
  return router;
}

async function checkRunner(job: string, worker: string, { jobs }: ServerContext): Promise<void> {
  if (await jobs.elsewhere?.isRunBy(job, worker)) return;
  throw refusal(409, 'not-allowed', 'This worker does not run this job (any more). It must stop it and take another one.');
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limit) throw new GraphError('too-large', `The picture is larger than ${limit} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Keeps a picture of a job; the same key again writes over it. */
async function keep(
  bytes: Buffer,
  { folder, name, key, job, saveAs }: { folder: 'output' | 'preview'; name: string; key: string; job: string; saveAs: string | undefined },
  { folders }: ServerContext,
): Promise<string> {
  if (folder === 'preview') return keepPreview(bytes, name, folders.images.preview);
  if (saveAs !== undefined) {
    const place = splitPrefix(saveAs);
    return writeExact({ root: folders.images.output, ...place }, bytes, exactNumber(place.base, name));
  }
  // Numbers are given here; the worker's own are of no account.
  const place = splitPrefix(name.replace(/\.png$/, '').replace(/_\d{5,}_$/, ''));
  return writeNumbered({ root: folders.images.output, ...place }, bytes, { notes: folders.saved, job, key });
}

/** Previews are called by their content, so the same one may come twice. */
async function keepPreview(bytes: Buffer, name: string, folder: string): Promise<string> {
  if (!/^[0-9a-f]{32}\.png$/.test(name)) throw refusal(400, 'bad-path', 'A preview is called by 32 hexadecimal digits and “.png”.');
  const unfinished = await writeUnfinished(folder, bytes, { kept: false });
  try {
    await rename(unfinished, join(folder, name));
  } finally {
    await rm(unfinished, { force: true });
  }
  return name;
}
