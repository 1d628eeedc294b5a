import { createHash } from 'node:crypto';
import type { NodeDefinition, RunContext } from '../../nodes/kit/index.ts';
import type { NodeId, Task } from '../../workflows/index.ts';

/** Where the parts of a key come from. */
export interface KeySources {
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly context: Pick<RunContext, 'models' | 'images'>;
}

const exact = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

async function identityOf(task: Task, definition: NodeDefinition, context: KeySources['context']): Promise<string> {
  if (definition.identity === undefined) return '';
  const values = Object.entries(task.inputs).flatMap(([name, input]) => ('value' in input ? [[name, input.value]] : []));
  // What cannot be identified will fail when it runs, and say why there.
  return definition.identity(Object.fromEntries(values), context).catch(() => '');
}

/**
 * A content hash for each task: type, version, values, the keys of what is wired in, and the identity of files read. Known before anything
 * runs; node ids, titles and positions never enter it. Tasks come after all they need.
 */
export async function keysOf(tasks: readonly Task[], { definitions, context }: KeySources): Promise<ReadonlyMap<NodeId, string>> {
  const keys = new Map<NodeId, string>();
  for (const task of tasks) {
    const definition = definitions.get(task.type);
    if (definition === undefined) continue;
    const inputs = Object.entries(task.inputs).map(([name, input]) =>
      'value' in input ? [name, input.value] : [name, { key: keys.get(input.from), output: input.output }],
    );
    const identity = definition.identity === undefined ? '' : await identityOf(task, definition, context);
    const content = JSON.stringify([task.type, definition.version ?? 1, inputs, identity], exact);
    keys.set(task.id, createHash('sha256').update(content).digest('base64url'));
  }
  return keys;
}
