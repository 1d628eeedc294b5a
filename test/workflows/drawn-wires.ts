import type { Point } from '../../client/canvas/desk.ts';
import { measures } from '../../client/canvas/measures.ts';
import { wireCurve } from '../../client/canvas/paint/wires.ts';
import type { GraphDocument, GraphNode } from '../../workflows/index.ts';
import { nodeMeasures } from '../../workflows/node-size.ts';

interface Box {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The outline of a drawn node, header included. */
export function boxOf({ id, title, type, pos, size }: GraphNode): Box {
  const name = `${title ?? type} (${id})`;
  return { name, left: pos[0], right: pos[0] + size[0], top: pos[1] - nodeMeasures.header, bottom: pos[1] + size[1] };
}

/** Pairs of nodes that lie on each other or nearly touch. */
export function overlaps(graph: GraphDocument, margin = 8): readonly string[] {
  const boxes = graph.nodes.map(boxOf);
  return boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      .filter((b) => a.left < b.right + margin && b.left < a.right + margin && a.top < b.bottom + margin && b.top < a.bottom + margin)
      .map((b) => `${a.name} and ${b.name}`),
  );
}

/** Wires that run behind a node for more than `hidden` units of their way, as the editor draws them. */
export function hiddenWires(graph: GraphDocument, hidden = 12): readonly string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  return graph.links.flatMap(([, originId, output, targetId, input]) => {
    const origin = nodes.get(originId);
    const target = nodes.get(targetId);
    if (origin === undefined || target === undefined) return [];
    const from = [origin.pos[0] + origin.size[0], slotY(origin, output)] as const;
    const points = spline(from, [target.pos[0], slotY(target, input)]);
    return graph.nodes
      .map(boxOf)
      .map((box) => ({ box, length: lengthInside(points, box) }))
      .filter(({ length }) => length > hidden)
      .map(
        ({ box, length }) =>
          `${origin.title ?? origin.type}.${output} → ${target.title ?? target.type}.${input} runs ${Math.round(length)} behind ${box.name}`,
      );
  });
}

const slotY = (node: GraphNode, slot: number): number => node.pos[1] + measures.gap + measures.portRow * (slot + 0.5);

function spline(from: Point, to: Point): readonly Point[] {
  const [a, b, c, d] = wireCurve(from, to);
  const at = (t: number, p: readonly [number, number, number, number]): number =>
    (1 - t) ** 3 * p[0] + 3 * (1 - t) ** 2 * t * p[1] + 3 * (1 - t) * t ** 2 * p[2] + t ** 3 * p[3];
  return Array.from({ length: 401 }, (_, i) => [at(i / 400, [a[0], b[0], c[0], d[0]]), at(i / 400, [a[1], b[1], c[1], d[1]])]);
}

function lengthInside(points: readonly Point[], { left, right, top, bottom }: Box): number {
  let length = 0;
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (before === undefined || point[0] <= left || point[0] >= right || point[1] <= top || point[1] >= bottom) continue;
    length += Math.hypot(point[0] - before[0], point[1] - before[1]);
  }
  return length;
}
