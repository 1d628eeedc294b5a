import type { Workflow, WorkflowNode } from './types.ts';

/**
 * The compact form, `{id: {class_type, inputs, _meta?}}`. Titles and modes other than `always` stand in `_meta`; integers beyond
 * 2^53 stay bigint: write it with `stringifyJson`.
 */
export function toCompact(workflow: Workflow): Record<string, unknown> {
  return Object.fromEntries([...workflow.nodes.values()].map((node) => [node.id, compactNode(node)]));
}

function compactNode(node: WorkflowNode): object {
  const inputs = Object.entries(node.inputs).map(([name, input]) => [
    name,
    'link' in input ? [input.link.node, input.link.output] : input.value,
  ]);
  const meta = { ...(node.title === undefined ? {} : { title: node.title }), ...(node.mode === 'always' ? {} : { mode: node.mode }) };
  const compact = { class_type: node.type, inputs: Object.fromEntries(inputs) };
  return Object.keys(meta).length === 0 ? compact : { ...compact, _meta: meta };
}
