import { z } from 'zod';
import { pathFault } from '../../workflows/index.ts';
import { fileKinds } from '../../workflows/protocol.ts';

/** A job's id, made by the client or by the server. */
export const JobId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an id is 1 to 64 letters, digits, “.”, “_” or “-”, and begins with a letter or a digit')
  .meta({ description: 'Made by the client, for example a UUID; without one the server makes one.', example: 'b9a1f0c2-first-try' });

const NodeId = z.string().min(1).max(64);

/** Run only what these nodes need. */
export const Targets = z.array(NodeId).min(1).max(10_000).meta({ description: 'Ids of nodes: run only what these need.' });

/** Which of two waiting jobs is first. */
export const Priority = z.int().min(-100).max(100).meta({ description: 'Higher ones run first; 0 is usual.' });

/** An exact name for what a run saves. */
export const SaveAs = z
  .string()
  .min(1)
  .refine((name) => pathFault(name) === undefined && !name.endsWith('/'), 'a name stays inside the output folder, such as “cats/7”')
  .meta({ description: 'Saved pictures get exactly this name, without ending; a picture of that name is replaced.', example: 'cats/7' });

/** `POST /v1/jobs` with options; a bare document is taken as well. */
export const RunBody = z
  .strictObject({
    id: JobId.optional(),
    workflow: z
      .union([z.record(z.string(), z.unknown()), z.string()], 'a workflow is a JSON object, or the same as text')
      .meta({ description: 'A saved graph, the compact form, or a ComfyUI file; as JSON or as text.' }),
    targets: Targets.optional(),
    fresh: z.boolean().optional().meta({ description: 'Compute everything again instead of using cached results.' }),
    priority: Priority.optional(),
    saveAs: SaveAs.optional(),
    record: z.boolean().optional().meta({ description: 'Keep what each step of a sampler looked like, for GET /v1/jobs/{id}/steps.' }),
  })
  .meta({ id: 'RunBody' });

/** `PATCH /v1/jobs/:id`. */
export const JobChange = z
  .strictObject({ state: z.enum(['queued', 'paused']).optional(), priority: Priority.optional() })
  .refine(({ state, priority }) => state !== undefined || priority !== undefined, 'give a state, a priority, or both')
  .meta({ id: 'JobChange' });

/** `PATCH /v1/queue`. */
export const QueueChange = z.strictObject({ paused: z.boolean() }).meta({ id: 'QueueChange' });

const JobIds = z.array(JobId).min(1).max(10_000);

/** Where jobs go in the queue. */
export const Place = z
  .union([z.enum(['first', 'last']), z.strictObject({ before: JobId })], 'a place is “first”, “last” or {"before": id}')
  .meta({ id: 'Place', description: 'Before all others, behind them, or just before another one.' });

/** `POST /v1/queue/move`. */
export const QueueMove = z.strictObject({ jobs: JobIds, to: Place }).meta({ id: 'QueueMove' });

/** `POST /v1/models/unload`. */
export const Unload = z
  .strictObject({
    kind: z.enum(fileKinds).optional().meta({ description: 'Only networks of models of this kind.' }),
    model: z.string().max(1000).optional().meta({ description: 'Only networks of the model of this name.' }),
  })
  .meta({ id: 'Unload', description: 'Nothing unloads all.' });

/** `POST /v1/queue/cancel`. */
export const QueueCancel = z.strictObject({ jobs: JobIds }).meta({ id: 'QueueCancel' });

/** `POST /v1/history/delete`. */
export const HistoryDelete = z.strictObject({ jobs: JobIds }).meta({ id: 'HistoryDelete' });

/** `POST /v1/session`. */
export const SessionBody = z.strictObject({ token: z.string().min(1).max(4096) }).meta({ id: 'SessionBody' });

const count = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

/** Query of `GET /v1/jobs`. */
export const JobsQuery = z.strictObject({ limit: count(500, 50) });

/** Query of `GET /v1/history`. */
export const HistoryQuerySchema = z.strictObject({
  limit: count(200, 50),
  after: z.string().max(200).optional().meta({ description: '`next` of the page before.' }),
  state: z.enum(['done', 'failed', 'cancelled']).optional(),
});

/** Query of `GET /v1/jobs/:id/events`. */
export const EventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).meta({ description: 'Leave out events up to this number.' }),
});

/** The folders that pictures lie in. */
export const Folder = z.enum(['input', 'output', 'preview']);

/** Query of `GET /v1/images`. */
export const ImagesQuery = z.strictObject({
  folder: Folder.default('output'),
  limit: count(500, 60),
  under: z.string().min(1).max(200).optional().meta({ description: 'Only pictures of this folder within it, such as that of a batch.' }),
});

/** Query of `GET /v1/images/:folder/*name`. */
export const ImageQuery = z.strictObject({
  width: z.coerce.number().int().min(16).max(2048).optional().meta({ description: 'A smaller copy, at most this wide.' }),
});

/** Query of `POST /v1/workers/:worker/jobs/:job/pictures`. */
export const PictureQuery = z.strictObject({
  folder: z.enum(['output', 'preview']),
  name: z
    .string()
    .min(1)
    .max(512)
    .meta({ description: 'As the worker calls it; in the output folder it gets a number of its own, unless the job says its exact name.' }),
  key: z.string().min(1).max(200).meta({ description: 'Tells the pictures of the job apart: the same one again is written over.' }),
});

/** Query of `POST /v1/images` with a raw body. */
export const UploadQuery = z.strictObject({ name: z.string().min(1).max(200).optional() });
