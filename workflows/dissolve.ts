import type { Catalogue } from '../nodes/kit/index.ts';
import { specOfType, virtualTypeOf } from './node-types.ts';
import type { Input, Link, NodeId, Workflow, WorkflowNode } from './types.ts';
import { fromProperty } from './values.ts';

/**
 * Resolves drawing aids away: a wire through Reroutes becomes one wire, the value of a PrimitiveNode goes into the input it
 * feeds, notes vanish. Muted ones stay, so that what hangs on them is known not to run.
 */
export function dissolve(workflow: Workflow, catalogue: Catalogue): Workflow {
  const sources = new Map<NodeId, Input | undefined>();
  const nodes = new Map<NodeId, WorkflowNode>();
  for (const node of workflow.nodes.values()) {
    if (isDissolved(node, catalogue)) continue;
    const spec = specOfType(node.type, catalogue);
    const inputs: Record<string, Input> = {};
    for (const [name, input] of Object.entries(node.inputs)) {
      const source = 'link' in input ? follow(input.link, { workflow, catalogue, sources }) : input;
      if (source === undefined) continue;
      const port = spec?.inputs.find((candidate) => candidate.name === name);
      inputs[name] = 'value' in source ? { value: fromProperty(port, source.value) } : source;
    }
    nodes.set(node.id, { ...node, inputs });
  }
  return { nodes };
}

const isDissolved = (node: WorkflowNode, catalogue: Catalogue): boolean =>
  node.mode !== 'mute' && (virtualTypeOf(node.type) !== undefined || specOfType(node.type, catalogue)?.virtual === true);

interface Following {
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
  /** What each drawing aid stands for, once known. */
  readonly sources: Map<NodeId, Input | undefined>;
}

/** The real source behind a wire; undefined for a loose end. Remembers every aid on the way, so that chains cost their length once. */
function follow(link: Link, following: Following): Input | undefined {
  const { workflow, catalogue, sources } = following;
  const passed: NodeId[] = [];
  let input: Input | undefined = { link };
  while (input !== undefined && 'link' in input) {
    const id: NodeId = input.link.node;
    const node = workflow.nodes.get(id);
    if (node === undefined || !isDissolved(node, catalogue)) break;
    if (sources.has(id)) {
      input = sources.get(id);
      break;
    }
    sources.set(id, undefined);
    passed.push(id);
    input = Object.values(node.inputs)[0];
  }
  for (const id of passed) sources.set(id, input);
  return input;
}
