import { createHash } from 'node:crypto';
import type { Catalogue, NodeDefinition } from '../../nodes/kit/index.ts';
import {
  canonicalText,
  isLiteral,
  type NodeId,
  type NodeRecord,
  type Plan,
  type PropertyValue,
  type RunManifest,
  type RuntimeRecord,
  stringifyJson,
  type Task,
  toProperty,
  type Workflow,
} from '../../workflows/index.ts';
import { fileKey, type NamedFile, namedFiles } from './models/named-files.ts';
import type { LiveEvent } from './run-node.ts';

/** What a manifest is made of before anything runs. */
export interface ManifestParts {
  readonly workflow: Workflow;
  readonly plan: Plan;
  readonly targets?: readonly NodeId[] | undefined;
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly program: string;
  readonly runtime: RuntimeRecord;
  /** The catalogue that the plan was made by. */
  readonly catalogue: Catalogue;
  /** SHA-256 of a model's files; empty where there are none. */
  readonly hashes: (file: NamedFile) => Promise<Readonly<Record<string, string>>>;
  readonly now: Date;
}

/** SHA-256 of what a workflow says, hexadecimal; where its nodes stand does not matter. */
export const workflowHash = (workflow: Workflow): string => createHash('sha256').update(canonicalText(workflow)).digest('hex');

function valuesOf(task: Task): Record<string, PropertyValue> {
  const values: Record<string, PropertyValue> = {};
  for (const [name, input] of Object.entries(task.inputs)) {
    if ('value' in input && isLiteral(input.value)) values[name] = toProperty(input.value);
  }
  return values;
}

/** Writes down what a run is made of and how long its nodes take. Models are hashed beside the run. */
export class ManifestWriter {
  readonly #parts: ManifestParts;
  readonly #hash: string;
  readonly #models: Promise<RunManifest['models']>;
  readonly #told = new Map<NodeId, Pick<NodeRecord, 'ms' | 'cached'>>();

  constructor(parts: ManifestParts) {
    this.#parts = parts;
    this.#hash = workflowHash(parts.workflow);
    const files = namedFiles(parts.plan.tasks, parts.catalogue);
    // A model that cannot be read fails where it is loaded, with a sentence; an embedding that is not there is left out.
    this.#models = Promise.all(
      files.map(async (file): Promise<[string, Readonly<Record<string, string>>]> => [fileKey(file), await parts.hashes(file)]),
    )
      .then((entries) => entries.filter(([key, hashes]) => Object.keys(hashes).length > 0 || !key.startsWith('embeddings:')))
      .then((entries) => Object.fromEntries(entries))
      .catch(() => ({}));
  }

  /** Takes note of how long a node took. */
  hear(event: LiveEvent): void {
    if (event.type !== 'finished') return;
    if (event.outcome === 'cached') this.#told.set(event.node, { cached: true });
    else if (event.outcome === 'ran') this.#told.set(event.node, { ms: Math.round(event.ms * 10) / 10 });
  }

  /** As it stands now; of a picture that is being saved, `picture` counts from 1. */
  async manifest(picture?: number): Promise<RunManifest> {
    const { plan, targets, definitions, program, runtime, now } = this.#parts;
    const record = (task: Task): NodeRecord => ({
      type: task.type,
      version: definitions.get(task.type)?.version ?? 1,
      values: valuesOf(task),
      ...this.#told.get(task.id),
    });
    return {
      format: 1,
      program,
      at: now.toISOString(),
      workflow: this.#hash,
      ...(targets === undefined ? {} : { targets }),
      nodes: Object.fromEntries(plan.tasks.map((task) => [task.id, record(task)])),
      models: await this.#models,
      runtime,
      ...(picture === undefined ? {} : { picture }),
    };
  }

  /** The same as text. */
  async text(picture: number): Promise<string> {
    return stringifyJson(await this.manifest(picture));
  }
}
