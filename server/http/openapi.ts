import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { BatchBody } from '../batch/wish.ts';
import { ClientMessageSchema } from '../socket/messages.ts';
import { BatchReport, BatchSummary } from './openapi-batches.ts';
import { Loaded, Models } from './openapi-models.ts';
import {
  Accepted,
  EndedJob,
  Health,
  ImageFile,
  JobEvent,
  JobSnapshot,
  JobSummary,
  ListedImage,
  NodeSpec,
  Problems,
  Queue,
  RecordedNode,
  Template,
  WholeJob,
  Worker,
} from './openapi-schemas.ts';
import {
  EventsQuery,
  Folder,
  HistoryDelete,
  HistoryQuerySchema,
  ImageQuery,
  ImagesQuery,
  JobChange,
  JobId,
  JobsQuery,
  PictureQuery,
  QueueCancel,
  QueueChange,
  QueueMove,
  RunBody,
  SessionBody,
  Unload,
  UploadQuery,
} from './schemas.ts';

const json = (schema: z.ZodType, description: string) => ({ description, content: { 'application/json': { schema } } });

const problem = (description: string) => json(Problems, description);

const id = { path: z.object({ id: JobId }) };

const unknownId = { 404: problem('There is no such job (any more).') };

/** An operation that answers with 200 and JSON. */
function reads(summary: string, schema: z.ZodType, more: Partial<ZodOpenApiOperationObject> = {}): ZodOpenApiOperationObject {
  const { responses, ...rest } = more;
  return { summary, ...rest, responses: { 200: json(schema, summary), ...responses } };
}

const jobPaths: ZodOpenApiPathsObject = {
  '/v1/jobs': {
    get: reads('Jobs that are known, newest first', z.object({ jobs: z.array(JobSummary) }), { requestParams: { query: JobsQuery } }),
    post: {
      summary: 'Run a workflow',
      description:
        'The body is a saved graph, the compact form, or either of them with options. The same id and content again gives the same job.',
      requestBody: { content: { 'application/json': { schema: z.union([RunBody, z.record(z.string(), z.unknown())]) } } },
      responses: {
        202: json(Accepted, 'The job is queued, or stands already.'),
        400: problem('Everything that is wrong with the workflow.'),
        409: problem('The id stands for another job.'),
        413: problem('The workflow is too large.'),
        503: problem('The queue is full.'),
      },
    },
  },
  '/v1/jobs/{id}': {
    get: reads('The present state of a job', JobSnapshot, { requestParams: id, responses: unknownId }),
    patch: reads('Hold a waiting job, release it, or change its priority', JobSnapshot, {
      requestParams: id,
      requestBody: { content: { 'application/json': { schema: JobChange } } },
      responses: { ...unknownId, 409: problem('The job does not wait.') },
    }),
    delete: reads('Cancel a job; one that has ended stays as it is', JobSnapshot, { requestParams: id, responses: unknownId }),
  },
  '/v1/jobs/{id}/events': {
    get: {
      summary: 'All events of a job from the start, then as they come, to its end',
      requestParams: { ...id, query: EventsQuery },
      responses: {
        200: { description: 'One JSON object a line.', content: { 'application/x-ndjson': { schema: JobEvent } } },
        ...unknownId,
      },
    },
  },
};

const recordingPaths: ZodOpenApiPathsObject = {
  '/v1/jobs/{id}/steps': {
    get: reads('What was recorded of a job that was run with “record”', z.object({ nodes: z.array(RecordedNode) }), {
      requestParams: id,
      responses: unknownId,
    }),
  },
  '/v1/jobs/{id}/steps/{node}/{index}': {
    get: {
      summary: 'One recorded step: noisy latent, guessed noise and clean guess beside each other',
      requestParams: { path: z.object({ id: JobId, node: z.string(), index: z.int() }) },
      responses: { 200: { description: 'The three pictures.', content: { 'image/jpeg': {} } }, 404: problem('There is no such step.') },
    },
  },
};

const sends = (schema: z.ZodType) => ({ requestBody: { content: { 'application/json': { schema } } } });

const queuePaths: ZodOpenApiPathsObject = {
  '/v1/queue': {
    get: reads('The queue, in order', Queue),
    patch: reads('Hold or release the whole queue; what runs goes on', Queue, sends(QueueChange)),
  },
  '/v1/queue/move': { post: reads('Put waiting jobs elsewhere in the queue; ids that do not wait are left out', Queue, sends(QueueMove)) },
  '/v1/queue/cancel': { post: reads('Cancel several jobs', Queue, sends(QueueCancel)) },
  '/v1/jobs/{id}/retry': {
    post: {
      summary: 'Run an ended job again, under a new id',
      requestParams: id,
      responses: { 202: json(Accepted, 'The new job is queued.'), 400: problem('It cannot be run any more.'), ...unknownId },
    },
  },
  '/v1/history': {
    get: reads('Jobs that have ended, newest first', z.object({ jobs: z.array(EndedJob), next: z.string().optional() }), {
      requestParams: { query: HistoryQuerySchema },
    }),
  },
  '/v1/history/{id}': {
    get: reads('All that is kept of a job, its workflow included', WholeJob, { requestParams: id, responses: unknownId }),
    delete: {
      summary: 'Take an ended job out of the history; its pictures stay',
      requestParams: id,
      responses: { 204: { description: 'It is gone.' }, 409: problem('It has not ended.'), ...unknownId },
    },
  },
  '/v1/history/delete': {
    post: reads(
      'Take several ended jobs out of the history; others are left out',
      z.object({ deleted: z.array(JobId) }),
      sends(HistoryDelete),
    ),
  },
  '/v1/history/{id}/workflow': {
    get: reads('The workflow of a job as it was sent, to be opened again', z.record(z.string(), z.unknown()), {
      requestParams: id,
      responses: unknownId,
    }),
  },
};

const unknownBatch = { 404: problem('There is no such batch.') };

const batchPaths: ZodOpenApiPathsObject = {
  '/v1/batches': {
    get: reads('Batches, newest first', z.object({ batches: z.array(BatchSummary) })),
    post: {
      summary: 'Run a workflow for each row, so many times, or for every combination of values',
      ...sends(BatchBody),
      responses: {
        202: json(BatchReport, 'It has begun; its items are jobs of the queue.'),
        400: problem('What is wrong with it as a whole.'),
        409: problem('There is a batch of this id already.'),
      },
    },
  },
  '/v1/batches/{id}': {
    get: reads('How far a batch is', BatchReport, { requestParams: id, responses: unknownBatch }),
    delete: reads('Cancel a batch; what is done is kept', BatchReport, { requestParams: id, responses: unknownBatch }),
  },
  '/v1/batches/{id}/resume': {
    post: {
      summary: 'Run what is missing or failed, of what was asked for at first or is asked for now',
      requestParams: id,
      requestBody: { required: false, content: { 'application/json': { schema: BatchBody } } },
      responses: { 202: json(BatchReport, 'It goes on.'), ...unknownBatch },
    },
  },
};

const image = { 'image/png': {}, 'image/jpeg': {}, 'image/webp': {} };

const binary = z.string().meta({ format: 'binary' });

const imagePaths: ZodOpenApiPathsObject = {
  '/v1/images': {
    get: reads('Pictures, newest first', z.object({ images: z.array(ListedImage) }), { requestParams: { query: ImagesQuery } }),
    post: {
      summary: 'Put a picture into the input folder',
      requestParams: { query: UploadQuery },
      requestBody: { content: { 'multipart/form-data': { schema: z.object({ image: binary }) }, ...image } },
      responses: {
        201: json(ImageFile, 'Where it lies. The same picture again keeps its name; another one of that name gets a number.'),
        400: problem('The name or the form is not right.'),
        413: problem('Too many bytes or pixels.'),
        415: problem('No PNG, JPEG or WebP, or cut off.'),
      },
    },
  },
  '/v1/images/{folder}/{name}': {
    get: {
      summary: 'A picture; names may hold slashes',
      requestParams: { path: z.object({ folder: Folder, name: z.string() }), query: ImageQuery },
      responses: {
        200: { description: 'The picture, or a smaller WebP copy.', content: image },
        400: problem('The name leads out of the folder.'),
        404: problem('There is no such picture.'),
        415: problem('The file is no picture.'),
      },
    },
  },
};

const workerPaths: ZodOpenApiPathsObject = {
  '/v1/workers': { get: reads('The hosts that take jobs from the queue', z.object({ workers: z.array(Worker) })) },
  '/v1/workers/{worker}/jobs/{job}/pictures': {
    post: {
      summary: 'A worker hands in a picture of a job that it runs',
      requestParams: { path: z.object({ worker: z.string(), job: JobId }), query: PictureQuery },
      requestBody: { content: image },
      responses: {
        201: json(ImageFile, 'Where it lies.'),
        409: problem('The worker does not run this job (any more).'),
        413: problem('Too many bytes or pixels.'),
        415: problem('No PNG, JPEG or WebP, or cut off.'),
      },
    },
  },
  '/v1/workers/socket': {
    get: {
      summary: 'The WebSocket of a worker (subprotocol ld.worker.v1), see docs/queue.md',
      responses: {
        101: { description: 'Open.' },
        401: problem('The token is missing or wrong.'),
        404: problem('The queue is not shared.'),
      },
    },
  },
};

const otherPaths: ZodOpenApiPathsObject = {
  '/v1/nodes': { get: reads('All node types; lists are filled in', z.object({ nodes: z.array(NodeSpec) })) },
  '/v1/models': { get: reads('All models, and this server’s files that are parts of models', Models) },
  '/v1/models/loaded': { get: reads('What is in the memory of this server’s devices', Loaded) },
  '/v1/models/unload': {
    post: reads('Unload all networks that are not at work, or some; answers with what is loaded then', Loaded, sends(Unload)),
  },
  '/v1/templates': { get: reads('Workflows to begin with', z.object({ templates: z.array(Template) })) },
  '/v1/templates/{id}': {
    get: reads('One of them; ids may hold slashes', z.record(z.string(), z.unknown()), {
      requestParams: { path: z.object({ id: z.string() }) },
      responses: { 404: problem('There is no such template.') },
    }),
  },
  '/v1/health': { get: reads('Devices and load', Health) },
  '/v1/openapi.json': { get: reads('This document', z.record(z.string(), z.unknown())) },
  '/v1/session': {
    post: {
      summary: 'Exchange the token for a cookie',
      security: [],
      requestBody: { content: { 'application/json': { schema: SessionBody } } },
      responses: { 204: { description: 'The cookie is set.' }, 401: problem('Wrong token.'), 429: problem('Too many wrong tokens.') },
    },
  },
  '/v1/socket': {
    get: {
      summary: 'The WebSocket (subprotocol ld.v1): events down as JSON, previews as binary frames, messages up',
      description: 'Messages up are described by the schema ClientMessage.',
      responses: { 101: { description: 'Open.' }, 401: problem('The token is missing or wrong.'), 403: problem('Foreign host or origin.') },
    },
  },
};

/** The OpenAPI 3.1 description, made of the same schemas that requests are checked with. */
export function openApiDocument(version: string): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'litegraph-diffusion',
      version,
      description: 'Every answer above 399 is `{ "problems": [{ "code", "message", "node"?, "port"? }] }`.',
    },
    paths: { ...jobPaths, ...batchPaths, ...queuePaths, ...recordingPaths, ...imagePaths, ...workerPaths, ...otherPaths },
    components: {
      schemas: { ClientMessage: ClientMessageSchema },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Only where the server was started with --token.' } },
    },
    security: [{ token: [] }, {}],
  });
}
