import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Catalogue, GraphError, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { inspect, isRecord, parseJson, readWorkflow, specOfType, stringifyJson, writeGraph } from '../../workflows/index.ts';
import type { NodeId, Workflow } from '../../workflows/types.ts';
import { fileKey, namedFiles } from '../engine/models/named-files.ts';
import { checkSentences } from '../http/checks.ts';
import { RunBody } from '../http/schemas.ts';
import type { JobRequest } from './store.ts';

/** A run as it is asked for; the document as text or already parsed. */
export interface RunWish {
  readonly id?: string | undefined;
  readonly workflow: unknown;
  readonly targets?: readonly NodeId[] | undefined;
  readonly fresh?: boolean | undefined;
  readonly record?: boolean | undefined;
  /** Exact name of what is saved. */
  readonly saveAs?: string | undefined;
  readonly priority?: number | undefined;
}

/** A run as it arrives: the body of a request, a document with or without options around it; or a wish from the socket. */
export type RunSource = { readonly body: string } | { readonly wish: RunWish } | KeptRun;

/** A run that a store kept: `source` of its reading. */
export interface KeptRun {
  readonly kept: string;
}

/** What identifies a wish. */
export interface Wanted {
  readonly id?: string;
  /** Of document, targets, fresh and record: layout of the JSON does not matter, order of keys does. */
  readonly digest: string;
}

/** A run that can be queued, or every reason why not; `wanted` is missing when not even the JSON could be read. */
export type Reading =
  | {
      readonly wanted: Wanted;
      /** Document and choices as text, to be read again. */
      readonly source: string;
      readonly title: string;
      /** Models and parts of models that it loads, see {@link fileKey}. */
      readonly needs: readonly string[];
      readonly priority?: number;
      readonly request: JobRequest;
      readonly warnings: readonly Problem[];
    }
  | { readonly wanted?: Wanted; readonly problems: readonly Problem[] };

/** A body with options has `workflow`, which in the compact form could only be a node of that name. */
const hasOptions = (body: unknown): boolean =>
  isRecord(body) && Object.hasOwn(body, 'workflow') && !(isRecord(body.workflow) && 'class_type' in body.workflow);

const Source = z.object({
  workflow: z.unknown(),
  targets: z.array(z.string()),
  fresh: z.boolean(),
  record: z.boolean(),
  saveAs: z.string().optional(),
});

function wishOf(source: RunSource): RunWish | { readonly problems: readonly Problem[] } {
  if ('wish' in source) return source.wish;
  if ('kept' in source) {
    const { targets, ...rest } = Source.parse(parseJson(source.kept));
    return { ...rest, ...(targets.length === 0 ? {} : { targets }) };
  }
  if (source.body.trim() === '') throw new GraphError('bad-document', 'The request has no body; a workflow was expected.');
  const body: unknown = parseJson(source.body);
  if (!hasOptions(body)) return { workflow: body };
  const checked = RunBody.safeParse(body);
  if (checked.success) return checked.data;
  return { problems: checkSentences(checked.error).map((message) => ({ code: 'bad-value', message })) };
}

const longestTitle = 200;

/** The input pictures that a workflow's nodes choose. */
function chosenInputs({ nodes }: Workflow, catalogue: Catalogue): readonly string[] {
  const names = new Set<string>();
  for (const { type, inputs } of nodes.values()) {
    for (const { name, widget } of specOfType(type, catalogue)?.inputs ?? []) {
      if (widget?.kind !== 'choice' || widget.source !== 'input-images') continue;
      const input = inputs[name];
      if (input !== undefined && 'value' in input && typeof input.value === 'string') names.add(input.value);
    }
  }
  return [...names];
}

/** The exact name under which a kept run saves, below the output folder; undefined where its nodes say it. */
export const keptName = (kept = '{}'): string | undefined => z.object({ saveAs: z.string().optional() }).parse(parseJson(kept)).saveAs;

/** Names of the input pictures that a kept run reads; none where it cannot be read. */
export function keptInputs(kept: string, catalogue: Catalogue): readonly string[] {
  try {
    const { workflow } = Source.parse(parseJson(kept));
    return chosenInputs(readWorkflow(typeof workflow === 'string' ? parseJson(workflow) : workflow, catalogue).workflow, catalogue);
  } catch {
    // Whoever runs it says what is wrong with it.
    return [];
  }
}

/** Reads, validates and plans. Never throws. */
export function readRun(source: RunSource, catalogue: Catalogue): Reading {
  let wanted: Wanted | undefined;
  try {
    const wish = wishOf(source);
    if ('problems' in wish) return wish;
    const { id, targets, fresh = false, record = false, saveAs } = wish;
    const content: unknown = typeof wish.workflow === 'string' ? parseJson(wish.workflow) : wish.workflow;
    const canonical = stringifyJson({
      workflow: content,
      targets: targets ?? [],
      fresh,
      record,
      ...(saveAs === undefined ? {} : { saveAs }),
    });
    const digest = createHash('sha256').update(canonical).digest('hex');
    wanted = { ...(id === undefined ? {} : { id }), digest };
    const { workflow, graph, warnings } = readWorkflow(content, catalogue);
    const { problems, needed } = inspect(workflow, catalogue, targets === undefined ? {} : { targets });
    if (problems.length > 0) return { wanted, problems };
    const request = {
      workflow,
      ...(graph === undefined ? {} : { document: writeGraph(graph) }),
      ...(targets === undefined ? {} : { targets }),
      ...(fresh ? { fresh } : {}),
      ...(record ? { record } : {}),
      ...(saveAs === undefined ? {} : { saveAs }),
    };
    const name = graph?.extra.name;
    const title = typeof name === 'string' ? name.slice(0, longestTitle) : '';
    const rank = wish.priority === undefined ? {} : { priority: wish.priority };
    const nodes = [...workflow.nodes.values()].filter(({ id }) => needed.has(id));
    const needs = namedFiles(nodes, catalogue).map(fileKey);
    return { wanted, source: canonical, title, ...rank, needs, request, warnings };
  } catch (thrown) {
    return { ...(wanted === undefined ? {} : { wanted }), problems: [toProblem(thrown)] };
  }
}
