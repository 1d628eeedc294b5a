import type { HostGroup, HostNode } from '../../plugin/host.ts';
import { type Area, type Desk, idOf } from '../desk.ts';
import { measures } from '../measures.ts';
import type { Field } from '../node-layout.ts';
import { fieldValue, putValue, readTyped, shownValue } from '../values.ts';
import { dress, homeOf, placeOver } from './overlay.ts';

/** Something that is edited over the canvas. */
export interface InPlace {
  /** Follows the view. */
  place(): void;
  close(): void;
}

/** What an editor of a line or a text is made for. */
interface Editing {
  /** None for the title of a group. */
  readonly node?: HostNode;
  /** '' for a title. */
  readonly port: string;
  readonly text: string;
  readonly label: string;
  readonly multiline: boolean;
  readonly align: 'left' | 'right';
  area(): Area;
  /** Takes what stands there now; called at each key for texts, at the end for numbers. */
  take(text: string): void;
  readonly live: boolean;
  /** Called once at the end. */
  finished(): void;
}

/** Opens a box exactly over a field. A text is taken over while it is typed, a number or title when it is finished; Escape leaves. */
function edit(desk: Desk, editing: Editing): InPlace {
  const box = desk.element.ownerDocument.createElement(editing.multiline ? 'textarea' : 'input');
  let open = true;
  const place = (): void => {
    placeOver(desk, box, editing.area());
    if (editing.multiline) grow(box);
  };
  const close = (): void => {
    if (!open) return;
    open = false;
    if (!editing.live) editing.take(box.value);
    delete desk.doing.editing;
    const focused = box.ownerDocument.activeElement === box;
    box.remove();
    if (focused) desk.element.focus({ preventScroll: true });
    editing.finished();
    desk.redraw();
  };
  box.value = editing.text;
  box.setAttribute('aria-label', editing.label);
  box.setAttribute('data-in-place', editing.port);
  if (!editing.multiline) box.setAttribute('autocomplete', 'off');
  box.spellcheck = false;
  dress(desk, box, { textAlign: editing.align });
  listen(box, { live: editing.live ? () => editing.take(box.value) : undefined, close, abandon: () => abandon(box, editing, close) });
  homeOf(desk).append(box);
  place();
  fitLines(desk, box);
  place();
  box.addEventListener('input', place);
  if (editing.node !== undefined) desk.doing.editing = { node: editing.node, port: editing.port };
  desk.redraw();
  box.focus({ preventScroll: true });
  if (!editing.multiline) box.select();
  return { place, close };
}

/** A long text is shown whole while it is edited, as far as the window reaches; what does not fit then is scrolled. */
function grow(box: HTMLElement): void {
  const window = box.ownerDocument.defaultView;
  const room = (window?.innerHeight ?? 800) - box.getBoundingClientRect().top - 12;
  if (box.scrollHeight > box.clientHeight) box.style.height = `${Math.max(box.clientHeight, Math.min(box.scrollHeight + 2, room))}px`;
}

function abandon(box: HTMLInputElement | HTMLTextAreaElement, { live, text }: Editing, close: () => void): void {
  if (!live) box.value = text;
  close();
}

type Heard = { readonly live: (() => void) | undefined; readonly close: () => void; readonly abandon: () => void };

function listen(box: HTMLInputElement | HTMLTextAreaElement, { live, close, abandon }: Heard): void {
  box.addEventListener('input', () => live?.());
  box.addEventListener('blur', close);
  box.addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent)) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      abandon();
    } else if (event.key === 'Enter' && box instanceof HTMLInputElement && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      close();
    }
  });
}

function fitLines({ surface }: Desk, box: HTMLElement): void {
  const { scale } = surface.ds;
  const lines = box instanceof HTMLTextAreaElement;
  Object.assign(box.style, {
    resize: 'none',
    lineHeight: lines ? `${measures.textLine * scale}px` : 'normal',
    padding: lines ? `${(measures.padding - 1.5) * scale}px ${measures.padding * scale}px` : `0 ${measures.padding * scale}px`,
  });
}

const fieldArea = (desk: Desk, node: HostNode, port: string): Area => {
  const field = desk.layoutOf(node).fields.find((found) => found.port.name === port);
  if (field === undefined) return { x: node.pos[0], y: node.pos[1], width: 0, height: 0 };
  return { x: node.pos[0] + field.x, y: node.pos[1] + field.y, width: field.width, height: field.height };
};

/** Edits the value of a field as text; numbers are held within their limits, what is no number changes nothing. */
export function editField(desk: Desk, node: HostNode, field: Field): InPlace {
  const { port, multiline } = field;
  const isText = port.widget?.kind === 'text';
  const before = fieldValue(node, port);
  return edit(desk, {
    node,
    port: port.name,
    text: isText ? String(before ?? '') : shownValue(port, before),
    label: `${node.title}: ${port.label ?? port.name}`,
    multiline,
    align: multiline ? 'left' : 'right',
    live: isText,
    area: () => fieldArea(desk, node, port.name),
    take(text) {
      const value = readTyped(port, text);
      if (value !== undefined && putValue(node, port, value)) desk.redraw();
    },
    finished() {
      if (fieldValue(node, port) !== before) desk.done(`Change ${port.label ?? port.name}`, `${idOf(node)}.${port.name}`);
    },
  });
}

/** Edits the title of a node over its header; an empty one gives back the type's own. */
export function editTitle(desk: Desk, node: HostNode): InPlace {
  const before = node.title;
  return edit(desk, {
    node,
    port: '',
    text: before,
    label: 'Title',
    multiline: false,
    align: 'left',
    live: false,
    area: () => ({ x: node.pos[0], y: node.pos[1] - measures.header, width: desk.layoutOf(node).width, height: measures.header }),
    take(text) {
      node.title = text.trim().slice(0, 200) || desk.specOf(node)?.title || before;
    },
    finished() {
      if (node.title !== before) desk.done('Rename');
    },
  });
}

/** Edits the title of a group; an empty one changes nothing. */
export function editGroupTitle(desk: Desk, group: HostGroup): InPlace {
  const before = group.title;
  return edit(desk, {
    port: '',
    text: before,
    label: 'Title of the group',
    multiline: false,
    align: 'left',
    live: false,
    area() {
      const [x = 0, y = 0, width = 0] = group._bounding;
      return { x: x + 4, y: y + 3, width: width - 8, height: measures.header };
    },
    take(text) {
      group.title = text.trim().slice(0, 200) || before;
    },
    finished() {
      if (group.title !== before) desk.done('Rename group');
    },
  });
}
