import type { NodeId } from '../../workflows/index.ts';
import type { GraphView, GroupView } from '../graph-view.ts';
import type { HostGroup, HostNode } from '../plugin/host.ts';
import { type Area, type Desk, idOf } from './desk.ts';
import { nodesOf, removeNodes } from './edits.ts';
import { nodesIn } from './gestures/move.ts';
import { selectNodes } from './selection.ts';
import { areaAround } from './view-box.ts';

/** The groups as panels show them, in the order of the document. */
export const viewGroups = (desk: Desk): readonly GroupView[] =>
  desk.graph._groups.map((group) => ({
    title: group.title,
    ...(group.color === undefined ? {} : { color: group.color }),
    nodes: nodesIn(desk, group).map(idOf),
  }));

/** Room around the nodes of a group, the title above them. */
const around = ({ x, y, width, height }: Area): readonly number[] => [x - 16, y - 44, width + 32, height + 60].map(Math.round);

function embrace(desk: Desk, group: HostGroup, nodes: readonly HostNode[]): boolean {
  const area = areaAround(desk, nodes);
  if (area === undefined) return false;
  const box = around(area);
  const changed = box.some((value, index) => group._bounding[index] !== value);
  box.forEach((value, index) => {
    group._bounding[index] = value;
  });
  return changed;
}

function groupNodes(desk: Desk, nodes: readonly HostNode[], title: string): boolean {
  if (nodes.length === 0 || desk.host.LGraphGroup === undefined) return false;
  const group = new desk.host.LGraphGroup(title);
  embrace(desk, group, nodes);
  delete group.color;
  delete group.font_size;
  desk.graph.add(group);
  selectNodes(desk, nodes, group);
  return true;
}

function changeGroup(group: HostGroup, { title, color }: Parameters<GraphView['setGroup']>[1]): boolean {
  const before = [group.title, group.color];
  const name = title?.trim().slice(0, 200);
  if (name) group.title = name;
  if (color === 'none') delete group.color;
  else if (color !== undefined) group.color = color;
  return group.title !== before[0] || group.color !== before[1];
}

type Grouping = 'groups' | 'group' | 'selectGroup' | 'setGroup' | 'fitGroup' | 'ungroup' | 'removeGroup';

/** What can be done with groups; `changed` tells of a finished action. */
export function grouping(desk: Desk, changed: (is: boolean, action: string, field?: string) => void): Pick<GraphView, Grouping> {
  const at = (index: number): HostGroup | undefined => desk.graph._groups[index];
  const drop = (group: HostGroup): void => {
    desk.graph.remove(group);
    selectNodes(desk, []);
  };
  return {
    groups: () => viewGroups(desk),
    group: (ids: readonly NodeId[], title) => changed(groupNodes(desk, nodesOf(desk, ids), title), 'Group'),
    selectGroup(index) {
      const group = at(index);
      if (group !== undefined) selectNodes(desk, nodesIn(desk, group), group);
    },
    setGroup(index, change) {
      const group = at(index);
      changed(
        group !== undefined && changeGroup(group, change),
        change.color === undefined ? 'Rename group' : 'Colour group',
        `group ${index}`,
      );
    },
    fitGroup(index) {
      const group = at(index);
      changed(group !== undefined && embrace(desk, group, nodesIn(desk, group)), 'Fit group');
    },
    ungroup(index) {
      const group = at(index);
      if (group !== undefined) drop(group);
      changed(group !== undefined, 'Ungroup');
    },
    removeGroup(index) {
      const group = at(index);
      if (group === undefined) return;
      removeNodes(desk, nodesIn(desk, group));
      drop(group);
      desk.doing.hover = { kind: 'nothing' };
      changed(true, 'Delete group');
    },
  };
}
