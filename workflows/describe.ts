import type { NodeSpec } from '../nodes/kit/index.ts';
import { bareType } from './node-types.ts';

/** What is needed to name a node. */
export interface Described {
  readonly id: number | string;
  readonly type: string;
  readonly title?: string | undefined;
}

/**
 * How a node is called in a sentence: `“Prompt” (node 7)` by its own title or that of its type, or `KSampler (node 3)`
 * where the title says no more than the type.
 */
export function describeNode(node: Described, spec: Pick<NodeSpec, 'title'> | undefined): string {
  const type = bareType(node.type).slice(0, 80);
  const title = node.title ?? spec?.title ?? type;
  return title === type ? `${type} (node ${node.id})` : `“${title}” (node ${node.id})`;
}
