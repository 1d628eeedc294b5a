import { createHash } from 'node:crypto';
import type { NodeDefinition } from '../../nodes/kit/index.ts';
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
import type { LiveEvent } from './run-node.ts';

/** What a manifest is made of before anything runs. */
export interface ManifestParts {
  readonly workflow: Workflow;
  readonly plan: Plan;
  readonly targets?: readonly NodeId[] | undefined;
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly program: string;
  readonly runtime: RuntimeRecord;
  /** SHA-256 of a model's files. */
  readonly hashes: (model: string) => Promise<Readonly<Record<string, string>>>;
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

/** Names of the models that tasks choose. */
function modelNames({ tasks }: Plan, definitions: ManifestParts['definitions']): readonly string[] {
  const names = tasks.flatMap((task) =>
    Object.entries(definitions.get(task.type)?.inputs ?? {}).flatMap(([name, { widget }]) => {
      const input = task.inputs[name];
      const chooses = widget?.kind === 'choice' && widget.source === 'checkpoints';
      return chooses && input !== undefined && 'value' in input && typeof input.value === 'string' ? [input.value] : [];
    }),
  );
  return [...new Set(names)];
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
    const names = modelNames(parts.plan, parts.definitions);
    // A model that cannot be read fails where it is loaded, with a sentence.
    this.#models = Promise.all(
      names.map(async (name): Promise<[string, Readonly<Record<string, string>>]> => [name, await parts.hashes(name)]),
    )
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
