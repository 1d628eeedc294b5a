import { heldPort } from '../../held-port.ts';
import type { HostNode } from '../../plugin/host.ts';
import { type Desk, idOf } from '../desk.ts';
import type { Field } from '../node-layout.ts';
import { fieldValue, putValue, shareOf, stepCount, stepped } from '../values.ts';
import type { Gesture, PointerAt } from './gesture.ts';

/** CSS px of the pointer for one step of a value without a slider. */
const perStep = 4;

/** Is this a value that is changed by dragging? */
export const isDraggable = ({ port, slot }: Field): boolean =>
  slot === undefined && (port.widget?.kind === 'int' || port.widget?.kind === 'float' || port.widget?.kind === 'seed');

/** Changes a number: to the right is more. Shift goes ten times as far, Ctrl a tenth. A slider follows the pointer. */
export function dragNumber(desk: Desk, start: PointerAt, { node, field }: { readonly node: HostNode; readonly field: Field }): Gesture {
  const port = heldPort(field.port, desk.held.get(`${idOf(node)}.${field.port.name}`));
  const from = fieldValue(node, port) ?? 0;
  const distance = stepDistance(desk, field, shareOf(port, from) !== undefined);
  return {
    cursor: 'ew-resize',
    move({ screen, shift, command }) {
      const factor = shift ? 10 : command ? 0.1 : 1;
      const next = stepped(port, from, ((screen[0] - start.screen[0]) / distance) * factor);
      if (next !== undefined && putValue(node, port, next)) desk.redraw();
    },
    up(_at, moved) {
      if (moved && fieldValue(node, port) !== from) desk.done(`Change ${port.label ?? port.name}`, `${idOf(node)}.${port.name}`);
    },
    cancel() {
      putValue(node, port, from);
      desk.redraw();
    },
  };
}

function stepDistance({ surface }: Desk, { port, width }: Field, slides: boolean): number {
  const { widget } = port;
  if (!slides || (widget?.kind !== 'int' && widget?.kind !== 'float')) return perStep;
  return (width * surface.ds.scale) / Math.max(1, stepCount(widget));
}
