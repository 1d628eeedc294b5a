import type { NodeSpec } from '../../nodes/kit/index.ts';
import type { HostNode } from '../plugin/host.ts';
import { layoutNode, type NodeLayout } from './node-layout.ts';

/** Remembers where everything of a node is, until the node or its type changes. */
export function createLayouts(specOf: (node: HostNode) => NodeSpec | undefined): (node: HostNode) => NodeLayout {
  const known = new WeakMap<HostNode, { readonly key: string; readonly spec: NodeSpec | undefined; readonly layout: NodeLayout }>();
  return (node) => {
    const spec = specOf(node);
    const key = keyOf(node);
    const found = known.get(node);
    if (found !== undefined && found.key === key && found.spec === spec) return found.layout;
    const layout = layoutNode({ node, spec });
    known.set(node, { key, spec, layout });
    return layout;
  };
}

/** All that a layout depends on besides the type. */
function keyOf({ size, inputs, outputs }: HostNode): string {
  const wired = inputs.map(({ name, link }) => `${name}${link === null ? '' : '+'}`).join();
  return `${size[0]} ${size[1]} ${wired} ${outputs.map(({ links }) => (links ?? []).length > 0).join()}`;
}
