import { type Catalogue, GraphError } from '../../nodes/kit/index.ts';
import { bareType, specOfType, toWorkflow, type WorkflowNode, type WorkflowSource } from '../../workflows/index.ts';

const preview = 'PreviewImage';
const save = 'SaveImage';

/**
 * The workflow as a batch runs it: where nothing saves a picture, what is only shown is saved. Throws `nothing-to-run` where nothing is shown either.
 */
export function savedPictures(source: WorkflowSource, catalogue: Catalogue): WorkflowSource {
  const nodes = [...source.workflow.nodes.values()];
  const has = (fits: (node: WorkflowNode) => boolean): boolean => nodes.some((node) => node.mode === 'always' && fits(node));
  if (has(({ type }) => specOfType(type, catalogue)?.effect === 'write')) return source;
  if (!has(({ type }) => bareType(type) === preview)) {
    throw new GraphError(
      'nothing-to-run',
      'This workflow saves no picture, so a batch would leave nothing behind. Add a node “Save image”.',
    );
  }
  const changed = (type: string): string => (bareType(type) === preview ? type.replace(preview, save) : type);
  if (source.graph !== undefined) {
    const graph = { ...source.graph, nodes: source.graph.nodes.map((node) => ({ ...node, type: changed(node.type) })) };
    return { graph, workflow: toWorkflow(graph, catalogue) };
  }
  return { workflow: { nodes: new Map(nodes.map((node) => [node.id, { ...node, type: changed(node.type) }])) } };
}
