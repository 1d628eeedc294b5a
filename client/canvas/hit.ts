import type { HostGroup, HostNode } from '../plugin/host.ts';
import { type Area, type Desk, type Hit, nodeArea, type Plug, type Point } from './desk.ts';
import { measures } from './measures.ts';
import { type Box, isBend } from './node-layout.ts';
import { buttonWidth, hasButton } from './paint/fields.ts';
import { picturesOf } from './paint/well.ts';
import { type Fitting, plugsOf } from './plugs.ts';

const nothing: Hit = { kind: 'nothing' };

/** Is the point in the rectangle, or at most `margin` beside it? */
export const inside = ({ x, y, width, height }: Area | Box, [px, py]: Point, margin = 0): boolean =>
  px >= x - margin && px <= x + width + margin && py >= y - margin && py <= y + height + margin;

/** Nodes from front to back: selected ones are drawn last. */
export function frontToBack(desk: Desk): readonly HostNode[] {
  const chosen = (node: HostNode): boolean => desk.surface.selected_nodes[String(node.id)] !== undefined;
  return [...desk.graph._nodes.filter((node) => !chosen(node)), ...desk.graph._nodes.filter(chosen)].reverse();
}

/** What is at a point; `reach` is how far from a dot still counts, in graph units. */
export function hitTest(desk: Desk, point: Point, reach: number): Hit {
  for (const node of frontToBack(desk)) {
    if (!inside(nodeArea(desk, node), point, reach)) continue;
    const hit = hitNode(desk, node, { point, reach });
    if (hit !== undefined) return hit;
  }
  for (const group of [...desk.graph._groups].reverse()) {
    const hit = hitGroup(desk, group, point);
    if (hit !== undefined) return hit;
  }
  return nothing;
}

interface Aim {
  readonly point: Point;
  readonly reach: number;
}

function hitNode(desk: Desk, node: HostNode, { point, reach }: Aim): Hit | undefined {
  const plug = hitPlug(desk, node, { point, reach });
  const layout = desk.layoutOf(node);
  if (plug !== undefined) {
    const spot = (plug.side === 'input' ? layout.inputs : layout.outputs).find(({ slot }) => slot === plug.slot);
    return { kind: 'plug', node, plug, spot };
  }
  if (!inside(nodeArea(desk, node), point)) return undefined;
  const at: Point = [point[0] - node.pos[0], point[1] - node.pos[1]];
  if (at[1] < 0) return { kind: 'header', node };
  const { width, height, fields, well } = layout;
  if (at[0] > width - measures.corner && at[1] > height - measures.corner) return { kind: 'corner', node };
  const field = fields.find((box) => inside(box, at));
  if (field !== undefined) {
    const onButton = hasButton(field, desk.options.upload !== undefined) && at[0] > field.x + field.width - buttonWidth;
    return { kind: 'field', node, field, part: onButton ? 'button' : 'value' };
  }
  if (well !== undefined && inside(well, at) && picturesOf(desk, node).pictures.length > 0)
    return { kind: 'well', node, across: (at[0] - well.x) / well.width };
  return { kind: 'body', node };
}

/** A dot that wires can be taken from: fields have one only while they are wired. */
function hitPlug(desk: Desk, node: HostNode, { point, reach }: Aim): Plug | undefined {
  const bend = isBend({ node, spec: desk.specOf(node) });
  return plugsOf(desk, node).find((plug) => {
    if (plug.slot === undefined) return false;
    const inward = bend ? Math.min(reach, desk.layoutOf(node).width / 4) : reach * 1.3;
    const dx = (point[0] - plug.at[0]) * (plug.side === 'input' ? 1 : -1);
    return dx > -reach && dx < inward && Math.abs(point[1] - plug.at[1]) <= reach;
  });
}

function hitGroup({ surface }: Desk, group: HostGroup, point: Point): Hit | undefined {
  const [x = 0, y = 0, width = 0, height = 0] = group._bounding;
  if (!inside({ x, y, width, height }, point)) return undefined;
  const corner = measures.corner / Math.min(1, surface.ds.scale);
  if (point[0] > x + width - corner && point[1] > y + height - corner) return { kind: 'group', group, part: 'corner' };
  return point[1] < y + Math.max(30, 24 / surface.ds.scale) ? { kind: 'group', group, part: 'title' } : undefined;
}

/** Where a wire would go if it were let go here: the nearest fitting dot, or the best fitting end of the node under the pointer. */
export function targetAt(desk: Desk, fitting: Fitting, { point, reach }: Aim): Plug | undefined {
  const near = frontToBack(desk)
    .filter((node) => inside(nodeArea(desk, node), point, reach))
    .flatMap((node) => plugsOf(desk, node))
    .filter((plug) => fitting.fits(plug))
    .map((plug) => ({ plug, distance: Math.hypot(plug.at[0] - point[0], plug.at[1] - point[1]) }))
    .filter(({ distance }) => distance <= reach)
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return near.plug;
  const node = frontToBack(desk).find((candidate) => inside(nodeArea(desk, candidate), point));
  return node === undefined ? undefined : bestPlug(desk, fitting, { node, point });
}

/** The end of a node that a wire means when it is let go on the node: the field under it, else a free input of just that type, else any that fits. */
export function bestPlug(
  desk: Desk,
  fitting: Fitting,
  { node, point }: { readonly node: HostNode; readonly point?: Point },
): Plug | undefined {
  const { fields } = desk.layoutOf(node);
  const plugs = plugsOf(desk, node).filter((plug) => fitting.fits(plug));
  const isField = (plug: Plug): boolean => plug.side === 'input' && fields.some(({ port }) => port.name === plug.name);
  const under =
    point === undefined ? undefined : fields.find((field) => inside(field, [point[0] - node.pos[0], point[1] - node.pos[1]]))?.port.name;
  const same = ({ type }: Plug): boolean => type === fitting.reference.type;
  const free = ({ side, slot }: Plug): boolean => side === 'output' || slot === undefined || node.inputs[slot]?.link === null;
  return (
    plugs.find((plug) => plug.side === 'input' && plug.name === under) ??
    plugs.find((plug) => !isField(plug) && free(plug) && same(plug)) ??
    plugs.find((plug) => !isField(plug) && free(plug)) ??
    plugs.find((plug) => !isField(plug) && same(plug)) ??
    plugs.find((plug) => !isField(plug)) ??
    plugs.find(free) ??
    plugs[0]
  );
}
