import type { HostGroup } from '../plugin/host.ts';
import { type Desk, type Hit, idOf, type Point, toGraph } from './desk.ts';
import type { Gesture, PointerAt } from './gestures/gesture.ts';
import { isDraggable } from './gestures/number-drag.ts';
import { pan } from './gestures/pan.ts';
import { pinch } from './gestures/pinch.ts';
import { press } from './gestures/press.ts';
import { hitTest } from './hit.ts';
import { editField, editGroupTitle, editTitle, type InPlace } from './in-place/text-editor.ts';
import { isFar } from './measures.ts';
import { clickNode, selectedNodes } from './selection.ts';
import { zoomAt } from './view-box.ts';

/** A press that leaves its place by more than this is a drag; CSS px. */
const leaving = { mouse: 3, touch: 9 } as const;
/** Two clicks within this time and distance are a double click. */
const double = { time: 350, distance: 6 } as const;
/** How far from a dot still counts, in CSS px; from far away dots must leave room to take hold of their nodes, in graph units. */
const reaches = { mouse: { screen: 11, graph: 22 }, touch: { screen: 18, graph: 30 } } as const;
/** A finger that rests this long asks for the menu, in ms. */
const longPress = 500;

interface Press {
  readonly pointer: number;
  readonly start: PointerAt;
  readonly gesture: Gesture;
  readonly hit: Hit;
  readonly button: number;
  moved: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Turns what the pointer does into gestures. */
export class Pointer {
  readonly #desk: Desk;
  readonly #fingers = new Map<number, Point>();
  #press: Press | undefined;
  #pinch: Gesture | undefined;
  #last: { readonly time: number; readonly screen: Point; readonly kind: Hit['kind'] } | undefined;
  #inPlace: InPlace | undefined;
  readonly #listeners = new AbortController();

  constructor(desk: Desk) {
    this.#desk = desk;
    const { element } = desk;
    const { signal } = this.#listeners;
    element.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    element.addEventListener('pointermove', (event) => this.#move(event), { signal });
    element.addEventListener('pointerup', (event) => this.#up(event), { signal });
    element.addEventListener('pointercancel', (event) => this.#lost(event), { signal });
    element.addEventListener('pointerleave', () => this.#hover({ kind: 'nothing' }), { signal });
    element.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    element.addEventListener('contextmenu', (event) => this.#menu(event), { signal });
    // Middle clicks would scroll or paste.
    element.addEventListener('auxclick', (event) => event.preventDefault(), { signal });
  }

  /** What is edited in place moves along with the view. */
  follow(): void {
    this.#inPlace?.place();
  }

  /** Opens the title of a group for editing. */
  editGroup(group: HostGroup): void {
    this.#opened(editGroupTitle(this.#desk, group));
  }

  /** Ends what is edited in place. */
  finishEditing(): void {
    this.#inPlace?.close();
    this.#inPlace = undefined;
  }

  /** Takes back what is being done. True if there was something. */
  cancel(): boolean {
    const { gesture, moved = false } = this.#press ?? {};
    this.#end();
    if (moved) gesture?.cancel();
    return moved;
  }

  dispose(): void {
    this.cancel();
    this.finishEditing();
    this.#listeners.abort();
  }

  #at(event: PointerEvent | WheelEvent | MouseEvent): PointerAt {
    return {
      graph: toGraph(this.#desk, event.clientX, event.clientY),
      screen: [event.clientX, event.clientY],
      shift: event.shiftKey,
      command: event.ctrlKey || event.metaKey,
      touch: event instanceof PointerEvent && event.pointerType === 'touch',
    };
  }

  #hit(at: PointerAt): Hit {
    const { screen, graph } = reaches[at.touch ? 'touch' : 'mouse'];
    return hitTest(this.#desk, at.graph, Math.min(screen / this.#desk.surface.ds.scale, graph));
  }

  #down(event: PointerEvent): void {
    const at = this.#at(event);
    this.finishEditing();
    this.#desk.element.focus({ preventScroll: true });
    event.preventDefault();
    if (at.touch) this.#fingers.set(event.pointerId, at.screen);
    if (this.#fingers.size === 2) {
      this.#beginPinch();
      return;
    }
    if (this.#press !== undefined || this.#fingers.size > 2) return;
    this.#capture(event.pointerId);
    const hit = this.#hit(at);
    const gesture = event.button === 0 ? press(this.#desk, at, { hit, opened: (opened) => this.#opened(opened) }) : pan(this.#desk, at);
    const timer = at.touch ? setTimeout(() => this.#rest(), longPress) : undefined;
    this.#press = { pointer: event.pointerId, start: at, gesture, hit, button: event.button, moved: false, timer };
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    if (at.touch && this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, at.screen);
    if (this.#pinch !== undefined) {
      this.#pinch.move(at);
      return;
    }
    const pressed = this.#press;
    if (pressed === undefined) {
      this.#hover(this.#hit(at));
      return;
    }
    if (pressed.pointer !== event.pointerId) return;
    const distance = Math.hypot(at.screen[0] - pressed.start.screen[0], at.screen[1] - pressed.start.screen[1]);
    if (!pressed.moved && distance <= leaving[at.touch ? 'touch' : 'mouse']) return;
    pressed.moved = true;
    clearTimeout(pressed.timer);
    this.#desk.element.style.cursor = pressed.gesture.cursor ?? 'default';
    pressed.gesture.move(at);
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#pinch !== undefined) {
      if (this.#fingers.size === 0) this.#pinch = undefined;
      return;
    }
    const pressed = this.#press;
    if (pressed === undefined || pressed.pointer !== event.pointerId) return;
    const at = this.#at(event);
    this.#end();
    pressed.gesture.up(at, pressed.moved);
    if (!pressed.moved && pressed.button === 0) this.#click(at, pressed);
    this.#hover(this.#hit(at));
  }

  #lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size === 0) this.#pinch = undefined;
    if (this.#press?.pointer === event.pointerId) this.cancel();
  }

  #end(): void {
    clearTimeout(this.#press?.timer);
    this.#press = undefined;
  }

  #capture(pointer: number): void {
    try {
      this.#desk.element.setPointerCapture(pointer);
    } catch {
      // The pointer is gone already: there is nothing to hold.
    }
  }

  #beginPinch(): void {
    const [first, second] = [...this.#fingers.keys()];
    this.cancel();
    if (first !== undefined && second !== undefined)
      this.#pinch = pinch(this.#desk, () => [this.#fingers.get(first), this.#fingers.get(second)]);
  }

  /** Two quick clicks apart from each other, or on different things, are two clicks. */
  #click(at: PointerAt, { hit }: Press): void {
    const now = performance.now();
    const last = this.#last;
    const near = last !== undefined && Math.hypot(at.screen[0] - last.screen[0], at.screen[1] - last.screen[1]) <= double.distance;
    if (last === undefined || !near || last.kind !== hit.kind || now - last.time > double.time) {
      this.#last = { time: now, screen: at.screen, kind: hit.kind };
      return;
    }
    this.#last = undefined;
    if (hit.kind === 'nothing') this.#desk.events.emit('search', { graph: at.graph, screen: at.screen });
    else if (hit.kind === 'header') this.#opened(editTitle(this.#desk, hit.node));
    else if (hit.kind === 'group' && hit.part === 'title') this.editGroup(hit.group);
    else if (hit.kind === 'field' && hit.part === 'value' && isDraggable(hit.field))
      this.#opened(editField(this.#desk, hit.node, hit.field));
  }

  #opened(opened: InPlace | undefined): void {
    if (opened === undefined) return;
    this.finishEditing();
    this.#inPlace = opened;
  }

  #hover(hit: Hit): void {
    const { doing, element, surface } = this.#desk;
    const before = doing.hover;
    element.style.cursor = doing.panning ? 'grab' : cursorOf(hit);
    if (sameHit(before, hit) && !this.#compares(hit)) return;
    doing.hover = hit;
    // From far away only ends of wires and pictures look different under the pointer.
    const looks = ({ kind }: Hit): boolean => kind === 'plug' || kind === 'well';
    if (!isFar(surface.ds.scale) || looks(before) || looks(hit)) this.#desk.redraw();
  }

  /** Does the line between two pictures follow the pointer here? */
  #compares(hit: Hit): boolean {
    return hit.kind === 'well' && this.#desk.marks.get(idOf(hit.node))?.compare === true;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    if (event.shiftKey && !event.ctrlKey) {
      const { ds } = this.#desk.surface;
      ds.offset[0] -= ((event.deltaX || event.deltaY) * unit) / ds.scale;
      this.#desk.events.emit('view', { scale: ds.scale });
      this.#desk.moved();
    } else zoomAt(this.#desk, Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0016)), [event.clientX, event.clientY]);
    this.#hover(this.#hit(this.#at(event)));
  }

  #rest(): void {
    const pressed = this.#press;
    if (pressed === undefined || pressed.moved) return;
    this.#end();
    this.#askForMenu(pressed.start);
  }

  #menu(event: MouseEvent): void {
    event.preventDefault();
    if (this.#press?.start.touch === true) return;
    this.#end();
    this.#askForMenu(this.#at(event));
  }

  #askForMenu(at: PointerAt): void {
    const hit = this.#hit(at);
    const node = 'node' in hit ? hit.node : undefined;
    if (node !== undefined && !selectedNodes(this.#desk).includes(node)) clickNode(this.#desk, node, false);
    const on = node === undefined ? groupOf(this.#desk, hit) : { node: idOf(node), ...freeField(hit) };
    this.#desk.events.emit('menu', { ...on, screen: at.screen, graph: at.graph });
  }
}

const freeField = (hit: Hit): { readonly port?: string } =>
  hit.kind === 'field' && hit.field.slot === undefined ? { port: hit.field.port.name } : {};

const groupOf = ({ graph }: Desk, hit: Hit): { readonly group?: number } =>
  hit.kind === 'group' ? { group: graph._groups.indexOf(hit.group) } : {};

function cursorOf(hit: Hit): string {
  if (hit.kind === 'plug') return 'crosshair';
  if (hit.kind === 'corner' || (hit.kind === 'group' && hit.part === 'corner')) return 'nwse-resize';
  if (hit.kind === 'well') return 'zoom-in';
  if (hit.kind === 'group') return 'grab';
  if (hit.kind !== 'field' || hit.field.slot !== undefined) return 'default';
  if (hit.part === 'button') return 'pointer';
  return isDraggable(hit.field) ? 'ew-resize' : hit.field.port.widget?.kind === 'text' ? 'text' : 'pointer';
}

function sameHit(a: Hit, b: Hit): boolean {
  if (a.kind !== b.kind) return false;
  if ('node' in a && 'node' in b && a.node !== b.node) return false;
  if (a.kind === 'plug' && b.kind === 'plug') return a.plug.side === b.plug.side && a.plug.name === b.plug.name;
  if (a.kind === 'field' && b.kind === 'field') return a.field.port.name === b.field.port.name && a.part === b.part;
  return true;
}
