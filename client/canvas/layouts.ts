import type { NodeSpec } from '../../nodes/kit/index.ts';
import type { HostNode } from '../plugin/host.ts';
import { layoutNode, type NodeLayout } from './node-layout.ts';

/** Where everything of each node is. */
export interface Layouts {
  readonly of: (node: HostNode) => NodeLayout;
  /** While something is drawn nothing changes: each node is looked at once. */
  during(draw: () => void): void;
}

/** Remembers where everything of a node is, until the node or its type changes. */
export function createLayouts(specOf: (node: HostNode) => NodeSpec | undefined): Layouts {
  const known = new WeakMap<HostNode, Known>();
  let drawing = false;
  let frame = 0;
  return {
    of(node) {
      const found = known.get(node);
      if (drawing && found?.frame === frame) return found.layout;
      const spec = specOf(node);
      const key = keyOf(node);
      const layout = found !== undefined && found.key === key && found.spec === spec ? found.layout : layoutNode({ node, spec });
      known.set(node, { key, spec, layout, frame });
      return layout;
    },
    during(draw) {
      drawing = true;
      frame += 1;
      try {
        draw();
      } finally {
        drawing = false;
      }
    },
  };
}

interface Known {
  readonly key: string;
  readonly spec: NodeSpec | undefined;
  readonly layout: NodeLayout;
  readonly frame: number;
}

/** All that a layout depends on besides the type. */
function keyOf({ size, inputs, outputs }: HostNode): string {
  const wired = inputs.map(({ name, link }) => `${name}${link === null ? '' : '+'}`).join();
  return `${size[0]} ${size[1]} ${wired} ${outputs.map(({ links }) => (links ?? []).length > 0).join()}`;
}
