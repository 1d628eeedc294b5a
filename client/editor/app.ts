import type { Catalogue, Literal, PortSpec } from '../../nodes/kit/index.ts';
import type { GraphDocument, PropertyValue } from '../../workflows/index.ts';
import type { Connection } from '../connection.ts';
import type { GraphView, InputView, NodeView } from '../graph-view.ts';
import type { Runs } from '../runs.ts';
import type { History, Version } from './history.ts';
import type { Dialog, State, ToastAction } from './state.ts';

/** The page: its parts, and what can be done with it. Panels get nothing else. */
export interface App {
  readonly state: Readonly<State>;
  readonly view: GraphView;
  readonly connection: Connection;
  readonly runs: Runs;
  readonly history: History;
  catalogue: Catalogue;
  /** Changes the state and draws the page again soon. */
  set(change: Partial<State>): void;
  say(text: string, kind?: 'info' | 'error', actions?: readonly ToastAction[]): void;
  /** The document has changed: a step of undo, and soon kept in the browser. */
  changed(step: Omit<Version, 'text' | 'document'>): void;
  /** Keeps the document in the browser, soon. */
  keep(): void;
  /** Keeps at once what was to be kept soon. */
  keepNow(): void;
  /** The nodes as they are now. */
  nodes(): readonly NodeView[];
}

/** Shows a dialog, or none. */
export const openDialog = (app: App, dialog: Dialog | undefined): void =>
  app.set({ dialog, menu: undefined, runMenu: false, query: '', picked: 0 });

/** The document as it stands, with name, notes and marked fields. */
export function currentDocument(app: App): GraphDocument {
  const graph = app.view.save();
  return { ...graph, extra: { ...graph.extra, ...app.state.extra, name: app.state.name } };
}

/** A node by its id. */
export const nodeById = (app: App, id: string): NodeView | undefined => app.nodes().find((node) => node.id === id);

/** The fields of a node that have a value. */
export const fieldsOf = (node: NodeView): readonly InputView[] => node.inputs.filter(({ port }) => port.widget !== undefined);

/** What a field is called. */
export const labelOf = ({ label, name }: Pick<PortSpec, 'label' | 'name'>): string => (label?.trim() ? label : name);

/** The marked fields that exist, in their order. */
export function markedFields(app: App): readonly { node: NodeView; input: InputView }[] {
  const marks = app.state.extra.fields;
  if (!Array.isArray(marks)) return [];
  return marks.flatMap((mark) => {
    if (typeof mark !== 'string') return [];
    const dot = mark.lastIndexOf('.');
    const node = nodeById(app, mark.slice(0, dot));
    const input = node && fieldsOf(node).find(({ port }) => port.name === mark.slice(dot + 1));
    return node && input ? [{ node, input }] : [];
  });
}

/** Is this field shown in the form of the workflow? */
export const isMarked = (app: App, node: string, port: string): boolean => {
  const { fields } = app.state.extra;
  return Array.isArray(fields) && fields.includes(`${node}.${port}`);
};

/** Marks a field for the form, or takes the mark away. */
export function toggleMark(app: App, node: string, port: string): void {
  const before = Array.isArray(app.state.extra.fields) ? app.state.extra.fields : [];
  const mark = `${node}.${port}`;
  const fields = before.includes(mark) ? before.filter((other) => other !== mark) : [...before, mark];
  changeAbout(app, { fields }, 'Mark a field');
}

/** Changes what the document says of itself: its name, its notes, the fields of its form. One step of undo. */
export function changeAbout(app: App, change: Readonly<Record<string, PropertyValue>>, action: string): void {
  const { name } = change;
  app.set({ extra: { ...app.state.extra, ...change }, ...(typeof name === 'string' ? { name } : {}) });
  app.changed({ action });
}

/** Sets a field; what cannot be is said and left as it was. */
export function setField(app: App, place: { node: string; port: string }, value: Literal): void {
  app.view.setValue(place.node, place.port, value);
}
