import type { NodeId, Task } from '../../workflows/index.ts';

/** What a task was made of when it was last planned. */
interface Remembered {
  readonly type: string;
  readonly key: string;
  readonly inputs: ReadonlyMap<string, string>;
}

const mostNodes = 20_000;

const fingerprint = (input: Task['inputs'][string], keys: ReadonlyMap<NodeId, string>): string =>
  'value' in input ? `value:${String(input.value)}` : `wire:${keys.get(input.from)}:${input.output}`;

/** Remembers what each node was last made of, to say in a sentence why it runs again. */
export class RunReasons {
  readonly #last = new Map<NodeId, Remembered>();

  /** Why this task is about to run; call it once a run for each task that does. */
  explain(task: Task, keys: ReadonlyMap<NodeId, string>): string {
    const inputs = new Map(Object.entries(task.inputs).map(([name, input]) => [name, fingerprint(input, keys)]));
    const before = this.#last.get(task.id);
    const key = keys.get(task.id) ?? '';
    this.#last.delete(task.id);
    this.#last.set(task.id, { type: task.type, key, inputs });
    const [oldest] = this.#last.keys();
    if (this.#last.size > mostNodes && oldest !== undefined) this.#last.delete(oldest);
    if (before === undefined || before.type !== task.type) return 'Ran: it is new.';
    const changed = [...inputs].filter(([name, now]) => before.inputs.get(name) !== now).map(([name]) => name);
    const [first] = changed;
    if (first === undefined) return before.key === key ? 'Ran: its last result was no longer kept.' : 'Ran: a file it reads changed.';
    const input = task.inputs[first];
    if (changed.length > 1) return `Ran: ${changed.map((name) => `“${name}”`).join(', ')} changed.`;
    return input !== undefined && 'value' in input ? `Ran: “${first}” changed.` : `Ran: what comes into “${first}” changed.`;
  }
}
