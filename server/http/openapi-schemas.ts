import { z } from 'zod';
import { categories, problemCodes } from '../../nodes/kit/index.ts';
import { fileKinds, jobStates } from '../../workflows/protocol.ts';
import { Manifest } from './openapi-manifest.ts';
import { Folder } from './schemas.ts';

// What the server answers. These describe; only requests are checked with zod, in schemas.ts and socket/messages.ts.

const NodeId = z.string().meta({ description: 'Id of a node of the document.' });
const time = (of: string) => z.number().meta({ description: `${of}, ms since 1970.` });

/** A problem as people read it. */
export const Problem = z
  .object({
    code: z.enum(problemCodes),
    message: z.string().meta({ description: 'A sentence: what came, what was expected, what to do.' }),
    node: NodeId.optional(),
    port: z.string().optional(),
  })
  .meta({ id: 'Problem' });

/** Every answer above 399. */
export const Problems = z.object({ problems: z.array(Problem) }).meta({ id: 'Problems' });

/** A picture on disk. */
export const ImageFile = z
  .object({ folder: Folder, name: z.string(), width: z.int(), height: z.int() })
  .meta({ id: 'ImageFile', description: 'To be had at /v1/images/{folder}/{name}.' });

const Curve = z.object({ label: z.string(), y: z.array(z.number().nullable()) });

const Plot = z
  .object({
    title: z.string(),
    xLabel: z.string(),
    x: z.array(z.number().nullable()),
    panels: z.array(z.object({ label: z.string(), curves: z.array(Curve) })),
  })
  .meta({ id: 'Plot' });

const Content = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('images'),
      files: z.array(ImageFile),
      labels: z
        .object({ columns: z.array(z.string()), rows: z.array(z.string()) })
        .optional()
        .meta({ description: 'The picture is a table of equal cells; this is written above its columns and left of its rows.' }),
      compare: z.boolean().optional().meta({ description: 'Two pictures to lay over each other.' }),
    }),
    z.object({ kind: z.literal('plot'), plot: Plot }),
    z.object({ kind: z.literal('text'), text: z.string() }),
  ])
  .meta({ id: 'Content', description: 'What a node shows in itself.' });

/** `GET /v1/jobs/:id/steps`. */
export const RecordedNode = z
  .object({
    node: z.string(),
    total: z.int(),
    width: z.int(),
    height: z.int(),
    steps: z.array(z.object({ index: z.int(), sigma: z.number().optional() })),
  })
  .meta({ id: 'RecordedNode', description: 'Recorded steps of a node; width × height is that of the three pictures together.' });

const JobState = z.enum(jobStates).meta({ id: 'JobState', description: '“done”, “failed” and “cancelled” are final.' });
const Outcome = z.enum(['ran', 'cached', 'failed', 'skipped']);

const NodeStatus = z
  .object({
    state: z.enum(['waiting', 'running', ...Outcome.options]),
    ms: z.number().optional(),
    reason: z.string().optional(),
    step: z.object({ index: z.int(), total: z.int() }).optional(),
    content: Content.optional(),
  })
  .meta({ id: 'NodeStatus' });

/** The present state of a job. */
export const JobSnapshot = z
  .object({
    id: z.string(),
    title: z.string().optional().meta({ description: 'The name of the workflow, where it has one.' }),
    safe: z.boolean().meta({ description: 'False until it is stored: a run that starts at once may be heard of before.' }),
    state: JobState,
    created: time('When it was sent'),
    started: time('When an engine took it').optional(),
    ended: time('When it ended').optional(),
    position: z.int().optional().meta({ description: 'Place in the queue, from 1.' }),
    reason: z.string().optional().meta({ description: 'Why it runs again, where it ran before.' }),
    nodes: z.record(NodeId, NodeStatus),
    outputs: z.array(z.object({ node: NodeId, files: z.array(ImageFile) })),
    manifest: Manifest.optional(),
    problems: z.array(Problem),
    seq: z.int().meta({ description: 'Number of the last event that this contains.' }),
  })
  .meta({ id: 'JobSnapshot' });

/** A job that waits. */
const WaitingJob = z
  .object({
    id: z.string(),
    title: z.string(),
    priority: z.int(),
    paused: z.boolean(),
    created: time('When it was sent'),
    starts: z.int().meta({ description: 'How often it was started before.' }),
  })
  .meta({ id: 'WaitingJob' });

/** `GET /v1/queue`. */
export const Queue = z
  .object({ paused: z.boolean(), running: z.array(JobSnapshot.omit({ nodes: true, manifest: true })), waiting: z.array(WaitingJob) })
  .meta({ id: 'Queue', description: 'The queue, in the order in which it will be run.' });

/** A job of the history in a list. */
export const EndedJob = z
  .object({
    id: z.string(),
    title: z.string(),
    state: JobState,
    priority: z.int(),
    created: time('When it was sent'),
    started: time('When an engine took it').optional(),
    ended: time('When it ended').optional(),
    worker: z.string().optional().meta({ description: 'Which host ran it.' }),
    cached: z.boolean().meta({ description: 'Served from cache: nothing had to run.' }),
    outputs: JobSnapshot.shape.outputs,
    problems: JobSnapshot.shape.problems,
  })
  .meta({ id: 'EndedJob' });

/** `GET /v1/history/:id`. */
export const WholeJob = EndedJob.extend({
  nodes: JobSnapshot.shape.nodes,
  request: z.object({
    workflow: z.unknown(),
    targets: z.array(z.string()),
    fresh: z.boolean(),
    record: z.boolean(),
    saveAs: z.string().optional(),
  }),
  manifest: Manifest.optional(),
}).meta({ id: 'WholeJob' });

/** A job in a list. */
export const JobSummary = JobSnapshot.omit({ nodes: true }).meta({ id: 'JobSummary' });

/** The answer of `POST /v1/jobs`. */
export const Accepted = z
  .object({ id: z.string(), state: JobState, position: z.int().optional(), warnings: z.array(Problem) })
  .meta({ id: 'Accepted' });

const numbered = { job: z.string(), seq: z.int() };

/** A line of `GET /v1/jobs/{id}/events`. */
export const JobEvent = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('state'),
      state: JobState,
      at: time('When'),
      position: z.int().optional(),
      reason: z.string().optional().meta({ description: 'Why, where it is not plain.' }),
      ...numbered,
    }),
    z.object({ type: z.literal('planned'), nodes: z.array(z.object({ node: NodeId, cached: z.boolean() })), ...numbered }),
    z.object({ type: z.literal('started'), node: NodeId, ...numbered }),
    z.object({
      type: z.literal('step'),
      node: NodeId,
      index: z.int(),
      total: z.int(),
      sigma: z.number().optional(),
      left: z.number().optional().meta({ description: 'Estimated ms until this node is done.' }),
      ...numbered,
    }),
    z.object({ type: z.literal('shown'), node: NodeId, content: Content, ...numbered }),
    z.object({ type: z.literal('finished'), node: NodeId, outcome: Outcome, ms: z.number(), reason: z.string(), ...numbered }),
    z.object({ type: z.literal('problem'), problem: Problem, ...numbered }),
    z.object({ type: z.literal('manifest'), manifest: Manifest, ...numbered }),
  ])
  .meta({ id: 'JobEvent' });

const range = { min: z.number(), max: z.number(), step: z.number(), slider: z.boolean().optional() };

export const SizeRule = z
  .object({ multiple: z.number(), width: z.number().optional(), height: z.number().optional() })
  .meta({ id: 'SizeRule', description: 'Sides of latents that a model takes, in cells of 8 pixels: multiples, or exactly these.' });

const Widget = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('int'), ...range }),
    z.object({ kind: z.literal('float'), ...range }),
    z.object({ kind: z.literal('seed') }),
    z.object({ kind: z.literal('color') }),
    z.object({ kind: z.literal('text'), multiline: z.boolean().optional(), placeholder: z.string().optional() }),
    z.object({ kind: z.literal('toggle') }),
    z.object({
      kind: z.literal('choice'),
      options: z.array(z.string()),
      source: z.string().optional(),
      upload: z.boolean().optional(),
      sizes: z.record(z.string(), SizeRule).optional(),
    }),
  ])
  .meta({ id: 'Widget' });

const PortSpec = z
  .object({
    name: z.string(),
    type: z.string(),
    help: z.string(),
    label: z.string().optional(),
    unit: z.string().optional(),
    optional: z.boolean().optional(),
    advanced: z.boolean().optional(),
    latentSide: z.enum(['width', 'height']).optional(),
    widget: Widget.optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  })
  .meta({ id: 'PortSpec' });

/** A node type. */
export const NodeSpec = z
  .object({
    type: z.string(),
    title: z.string(),
    category: z.enum(categories),
    version: z.int(),
    effect: z.enum(['show', 'write']).optional(),
    help: z.string(),
    inputs: z.array(PortSpec),
    outputs: z.array(PortSpec),
    virtual: z.boolean().optional(),
    keywords: z.array(z.string()).optional(),
  })
  .meta({ id: 'NodeSpec' });

/** A workflow that comes with the server. */
export const Template = z
  .object({ id: z.string(), title: z.string(), description: z.string(), group: z.string() })
  .meta({ id: 'Template' });

/** A picture in a list. */
export const ListedImage = ImageFile.extend({ modified: time('When the file was written') }).meta({ id: 'ListedImage' });

const Device = z
  .object({
    device: z.string(),
    provider: z.string(),
    title: z.string().optional(),
    precision: z.enum(['fp16', 'fp32', 'int8']).optional(),
    memory: z.number().optional().meta({ description: 'The most bytes of weights that are kept on it.' }),
    state: z.enum(['starting', 'ready', 'restarting', 'failed']),
    message: z.string().optional(),
  })
  .meta({ id: 'Device' });

/** A host that takes jobs. */
export const Worker = z
  .object({
    id: z.string(),
    kind: z.enum(['server', 'worker']),
    name: z.string().meta({ description: 'The machine’s name.' }),
    devices: z.array(Device),
    models: z.array(z.string()).meta({ description: 'Those that it has and that fit into its memory.' }),
    parts: z
      .array(z.object({ kind: z.enum(fileKinds), name: z.string() }))
      .meta({ description: 'LoRAs, ControlNets and other files that are parts of models.' }),
    jobs: z.array(z.string()).meta({ description: 'Ids of the jobs that it runs, as of a few seconds ago.' }),
    here: z.boolean().meta({ description: 'Is it the server that answers?' }),
  })
  .meta({ id: 'Worker' });

/** The answer of `GET /v1/health`. */
export const Health = z
  .object({
    status: z.literal('ok'),
    version: z.string(),
    devices: z.array(Device),
    jobs: z.object({ waiting: z.int(), running: z.int() }),
  })
  .meta({ id: 'Health' });
