import type { HostGroup, HostNode } from '../../plugin/host.ts';
import { type Desk, type Hit, idOf } from '../desk.ts';
import { inside } from '../hit.ts';
import { openField } from '../in-place/open-field.ts';
import type { InPlace } from '../in-place/text-editor.ts';
import { containedIn, gridOf } from '../paint/pictures.ts';
import { picturePort, picturesOf } from '../paint/well.ts';
import { clickNode, selectedNodes, selectNodes } from '../selection.ts';
import { boxSelect } from './box-select.ts';
import type { Gesture, PointerAt } from './gesture.ts';
import { move, nodesIn } from './move.ts';
import { dragNumber, isDraggable } from './number-drag.ts';
import { pan } from './pan.ts';
import { resizeGroup, resizeNode } from './resize.ts';
import { dragWire } from './wire.ts';

/** What opens by a click is handed over here. */
export type Opened = (opened: InPlace | undefined) => void;

/** What a press of the main button begins, by what is under it. */
export function press(desk: Desk, at: PointerAt, { hit, opened }: { readonly hit: Hit; readonly opened: Opened }): Gesture {
  if (desk.doing.panning) return pan(desk, at);
  switch (hit.kind) {
    case 'plug':
      return dragWire(desk, hit.plug);
    case 'corner':
      choose(desk, hit.node, at);
      return resizeNode(desk, at, hit.node);
    case 'field':
      return pressField(desk, at, { hit, opened });
    case 'group':
      return hit.part === 'corner' ? resizeGroup(desk, at, hit.group) : pressGroup(desk, at, hit.group);
    case 'nothing':
      return pressNothing(desk, at);
    default:
      return pressNode(desk, at, hit);
  }
}

/** A press selects, unless the node is one of several that are selected: then it may be the begin of moving them all. */
function choose(desk: Desk, node: HostNode, at: PointerAt): void {
  if (at.shift || at.command || !selectedNodes(desk).includes(node)) clickNode(desk, node, at.shift || at.command);
}

function pressNothing(desk: Desk, at: PointerAt): Gesture {
  if (at.shift || at.command) return boxSelect(desk, at);
  const panning = pan(desk, at);
  return {
    ...panning,
    up(to, moved) {
      panning.up(to, moved);
      if (!moved) selectNodes(desk, []);
    },
  };
}

/** A group is moved with what is in it; a click selects that. */
function pressGroup(desk: Desk, at: PointerAt, group: HostGroup): Gesture {
  const nodes = nodesIn(desk, group);
  const moving = move(desk, at, { nodes, groups: [group], action: 'Move group' });
  return {
    ...moving,
    up(to, moved) {
      moving.up(to, moved);
      if (moved) return;
      if (at.shift || at.command) selectNodes(desk, [...new Set([...selectedNodes(desk), ...nodes])]);
      else selectNodes(desk, nodes, group);
    },
  };
}

function pressNode(desk: Desk, at: PointerAt, hit: Extract<Hit, { kind: 'well' | 'header' | 'body' }>): Gesture {
  const { node } = hit;
  const adding = at.shift || at.command;
  const several = selectedNodes(desk).length > 1;
  choose(desk, node, at);
  const nodes = selectedNodes(desk).includes(node) ? selectedNodes(desk) : [];
  const moving = move(desk, at, { nodes, groups: [], action: nodes.length > 1 ? 'Move nodes' : 'Move node' });
  return {
    ...moving,
    up(to, moved) {
      moving.up(to, moved);
      if (moved || adding) return;
      if (several) selectNodes(desk, [node]);
      if (hit.kind === 'well') clickPicture(desk, node, to);
    },
  };
}

function pressField(
  desk: Desk,
  at: PointerAt,
  { hit, opened }: { readonly hit: Extract<Hit, { kind: 'field' }>; readonly opened: Opened },
): Gesture {
  const { node, field, part } = hit;
  if (at.shift || at.command) return pressNode(desk, at, { kind: 'body', node });
  choose(desk, node, at);
  if (part === 'value' && isDraggable(field)) return dragNumber(desk, at, { node, field });
  const moving = pressNode(desk, at, { kind: 'body', node });
  return {
    ...moving,
    up(to, moved) {
      moving.up(to, moved);
      if (!moved) opened(openField(desk, node, { field, part }));
    },
  };
}

function clickPicture(desk: Desk, node: HostNode, { graph }: PointerAt): void {
  const { well } = desk.layoutOf(node);
  const { pictures } = picturesOf(desk, node);
  if (well === undefined || pictures.length === 0) return;
  const point = [graph[0] - node.pos[0], graph[1] - node.pos[1]] as const;
  const over = desk.marks.get(idOf(node))?.compare === true;
  const index = (over ? [well] : gridOf(well, pictures.length)).findIndex((box, at) => {
    const picture = pictures[at];
    return picture !== undefined && inside(containedIn(box, picture.width, picture.height), point);
  });
  const shown = index < 0 ? undefined : pictures[index];
  const file = desk.marks.get(idOf(node))?.pictures.find(({ bitmap }) => bitmap === shown)?.file;
  const port = picturePort(desk.specOf(node));
  const chosen = port === undefined ? undefined : node.properties[port];
  if (shown === undefined) return;
  if (file !== undefined) desk.events.emit('picture', { node: idOf(node), url: desk.options.imageUrl(file) });
  else if (typeof chosen === 'string')
    desk.events.emit('picture', { node: idOf(node), url: desk.options.imageUrl({ folder: 'input', name: chosen }) });
}
