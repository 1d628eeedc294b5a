import { type Catalogue, type NodeSpec, type Problem, parseValue } from '../nodes/kit/index.ts';
import { describeNode } from './describe.ts';
import { specOfType } from './node-types.ts';
import type { NodeId, Workflow, WorkflowNode } from './types.ts';
import { type Inspection, inspect, type RunTargets } from './validate.ts';
import type { Source } from './wiring.ts';

/** What an input of a task gets: a parsed value, or output `output` of the task of node `from`. */
export type TaskInput = { readonly value: unknown } | { readonly from: NodeId; readonly output: number };

/** One node to run. Optional inputs without a source are absent. */
export interface Task {
  readonly id: NodeId;
  readonly type: string;
  readonly inputs: Readonly<Record<string, TaskInput>>;
}

/** What is left to do: tasks after all they need, those of the nearest visible result first. */
export interface Plan {
  readonly tasks: readonly Task[];
  /** Nodes that were asked for, or hang on such, and do not run; the reason is a sentence. */
  readonly skipped: readonly { readonly node: NodeId; readonly reason: string }[];
  readonly problems: readonly Problem[];
}

/**
 * Turns a workflow into tasks: mute and bypass resolved, values parsed, only what visible results or `targets` need. Nodes
 * with problems and what needs them are left out and listed as skipped. Linear in nodes and wires, at any depth.
 */
export function plan(workflow: Workflow, catalogue: Catalogue, options: RunTargets = {}): Plan {
  const inspection = inspect(workflow, catalogue, options);
  const broken = brokenNodes(inspection, workflow, catalogue);
  const skipped = new Map([...skippedOf(inspection), ...broken]);
  const tasks = new Map<NodeId, Task>();
  for (const id of inspection.wiring.order) {
    const node = workflow.nodes.get(id);
    const spec = node && specOfType(node.type, catalogue);
    if (!node || !spec || !inspection.needed.has(id) || broken.has(id)) continue;
    tasks.set(id, { id, type: spec.type, inputs: taskInputs(spec, inspection.wiring.sources.get(id) ?? new Map(), tasks) });
  }
  const roots = inspection.roots.filter((id) => tasks.has(id));
  return {
    tasks: visibleFirst(roots, tasks),
    skipped: [...skipped].map(([node, reason]) => ({ node, reason })),
    problems: inspection.problems,
  };
}

/** Muted and bypassed nodes, and those that hang on them. */
const skippedOf = ({ wiring }: Inspection): ReadonlyMap<NodeId, string> => wiring.skipped;

/** Needed nodes that cannot run because of a problem of their own or of what they need. */
function brokenNodes(inspection: Inspection, workflow: Workflow, catalogue: Catalogue): ReadonlyMap<NodeId, string> {
  const faulty = new Map(inspection.problems.flatMap(({ node, message }) => (node === undefined ? [] : [[node, message] as const])));
  const broken = new Map<NodeId, string>();
  for (const id of inspection.wiring.order) {
    const node = workflow.nodes.get(id);
    if (node === undefined || !inspection.needed.has(id)) continue;
    const reason = inspection.wiring.cyclic.has(id)
      ? 'It is part of a circle of wires.'
      : (faulty.get(id) ?? brokenSupplier(node, { inspection, broken, workflow, catalogue }));
    if (reason !== undefined) broken.set(id, reason);
  }
  return broken;
}

interface Breaking {
  readonly inspection: Inspection;
  readonly broken: ReadonlyMap<NodeId, string>;
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
}

function brokenSupplier(node: WorkflowNode, { inspection, broken, workflow, catalogue }: Breaking): string | undefined {
  const spec = specOfType(node.type, catalogue);
  for (const [name, source] of inspection.wiring.sources.get(node.id) ?? []) {
    if (!('link' in source) || !broken.has(source.link.node)) continue;
    if (spec?.inputs.find((port) => port.name === name)?.optional === true) continue;
    const supplier = workflow.nodes.get(source.link.node);
    if (supplier !== undefined) return `It needs ${describeNode(supplier, specOfType(supplier.type, catalogue))}, which cannot run.`;
  }
  return undefined;
}

function taskInputs(spec: NodeSpec, sources: ReadonlyMap<string, Source>, tasks: ReadonlyMap<NodeId, Task>): Task['inputs'] {
  const inputs: Record<string, TaskInput> = {};
  for (const port of spec.inputs) {
    const source = sources.get(port.name);
    if (source !== undefined && 'link' in source && tasks.has(source.link.node)) {
      inputs[port.name] = { from: source.link.node, output: source.link.output };
    } else if (source !== undefined && 'value' in source) inputs[port.name] = { value: parseValue(port, source.value) };
    else if (source === undefined && port.default !== undefined) inputs[port.name] = { value: parseValue(port, port.default) };
  }
  return inputs;
}

/** Tasks in the order of a walk from each result back to its sources, the result with the shortest way first. */
function visibleFirst(roots: readonly NodeId[], tasks: ReadonlyMap<NodeId, Task>): readonly Task[] {
  const depth = depths(tasks);
  const sorted = [...roots].sort((a, b) => (depth.get(a) ?? 0) - (depth.get(b) ?? 0));
  const done = new Set<NodeId>();
  const ordered: Task[] = [];
  const path: { readonly task: Task; readonly suppliers: readonly NodeId[]; next: number }[] = [];
  const enter = (id: NodeId): void => {
    const task = tasks.get(id);
    if (task === undefined || done.has(id)) return;
    done.add(id);
    path.push({ task, suppliers: suppliersOf(task), next: 0 });
  };
  for (const root of sorted) {
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const supplier = top.suppliers[top.next++];
      if (supplier !== undefined) enter(supplier);
      else {
        ordered.push(top.task);
        path.pop();
      }
    }
  }
  return ordered;
}

/** The longest way to each task, in tasks; they come with suppliers first. */
function depths(tasks: ReadonlyMap<NodeId, Task>): ReadonlyMap<NodeId, number> {
  const depth = new Map<NodeId, number>();
  for (const task of tasks.values()) {
    depth.set(
      task.id,
      suppliersOf(task).reduce((max, id) => Math.max(max, (depth.get(id) ?? 0) + 1), 0),
    );
  }
  return depth;
}

const suppliersOf = (task: Task): readonly NodeId[] => Object.values(task.inputs).flatMap((input) => ('from' in input ? [input.from] : []));
