import { bareType } from './node-types.ts';

/** How a node is called in a sentence: `“Prompt” (CLIPTextEncode, node 7)`, or `KSampler (node 3)` without a title of its own. */
export function describeNode(node: { readonly id: number | string; readonly type: string; readonly title?: string | undefined }): string {
  const type = bareType(node.type).slice(0, 80);
  return node.title === undefined || node.title === type ? `${type} (node ${node.id})` : `“${node.title}” (${type}, node ${node.id})`;
}
