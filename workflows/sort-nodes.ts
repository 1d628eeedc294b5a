import type { NodeId, Workflow, WorkflowNode } from './types.ts';

/** Nodes with what they need before them; and the groups that feed each other in a circle. */
export interface Sorted {
  readonly order: readonly NodeId[];
  /** Each a real circle: every node needs the next one, the last one needs the first. */
  readonly cycles: readonly (readonly NodeId[])[];
  /** Every node that is part of some circle. */
  readonly cyclic: ReadonlySet<NodeId>;
}

/** The nodes whose outputs a node takes; a muted node takes nothing. */
export function suppliers(node: WorkflowNode, workflow: Workflow): readonly NodeId[] {
  if (node.mode === 'mute') return [];
  const ids: NodeId[] = [];
  for (const input of Object.values(node.inputs)) {
    if ('link' in input && workflow.nodes.has(input.link.node)) ids.push(input.link.node);
  }
  return ids;
}

interface Visit {
  readonly id: NodeId;
  readonly suppliers: readonly NodeId[];
  next: number;
  readonly index: number;
  low: number;
}

/**
 * Sorts by Tarjan's strongly connected components (1972), without recursion, so that chains of any depth are fine. Linear in
 * nodes and wires; ties keep the order of the document.
 */
export function sortNodes(workflow: Workflow): Sorted {
  const order: NodeId[] = [];
  const components: NodeId[][] = [];
  const visits = new Map<NodeId, Visit>();
  const stack: NodeId[] = [];
  const open = new Set<NodeId>();
  const enter = (id: NodeId): Visit => {
    const node = workflow.nodes.get(id);
    const visit = { id, suppliers: node ? suppliers(node, workflow) : [], next: 0, index: visits.size, low: visits.size };
    visits.set(id, visit);
    open.add(id);
    stack.push(id);
    return visit;
  };
  for (const root of workflow.nodes.keys()) {
    if (visits.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const supplier = top.suppliers[top.next++];
      if (supplier !== undefined) {
        const seen = visits.get(supplier);
        if (seen === undefined) path.push(enter(supplier));
        else if (open.has(supplier)) top.low = Math.min(top.low, seen.index);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) parent.low = Math.min(parent.low, top.low);
      if (top.low === top.index) components.push(closeComponent(top.id, stack, open));
    }
  }
  for (const component of components) order.push(...component);
  const circular = components.filter((component) => isCircular(component, workflow));
  return { order, cycles: circular.map((component) => findCycle(component, workflow)), cyclic: new Set(circular.flat()) };
}

/** Takes a finished component off the stack: all that was entered since its root. */
function closeComponent(root: NodeId, stack: NodeId[], open: Set<NodeId>): NodeId[] {
  const component = stack.splice(stack.lastIndexOf(root));
  for (const id of component) open.delete(id);
  return component;
}

function isCircular(component: readonly NodeId[], workflow: Workflow): boolean {
  const only = component.length === 1 ? component[0] : undefined;
  const node = only === undefined ? undefined : workflow.nodes.get(only);
  return node === undefined || suppliers(node, workflow).includes(node.id);
}

/** Walks from node to supplier within a component until it comes back to where it has been. */
function findCycle(component: readonly NodeId[], workflow: Workflow): readonly NodeId[] {
  const inside = new Set(component);
  const path: NodeId[] = [];
  const seen = new Map<NodeId, number>();
  let id = component[0];
  while (id !== undefined && !seen.has(id)) {
    seen.set(id, path.length);
    path.push(id);
    const node = workflow.nodes.get(id);
    id = node === undefined ? undefined : suppliers(node, workflow).find((supplier) => inside.has(supplier));
  }
  return path.slice(id === undefined ? 0 : seen.get(id));
}
