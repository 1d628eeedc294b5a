import { type Literal, type PortSpec, parseValue, toProblem } from '../../nodes/kit/index.ts';
import { isRecord, mostAxes, parseValues } from '../../workflows/index.ts';
import type { InputView, NodeView } from '../graph-view.ts';
import { type App, changeAbout, fieldsOf, labelOf, nodeById } from './app.ts';

/** A field that the sweep varies. */
export interface SweepAxis {
  readonly node: NodeView;
  readonly input: InputView;
  /** As it was typed: `1..8:1`, or values with commas between them. */
  readonly text: string;
  readonly values: readonly string[];
  /** Why it cannot be used. */
  readonly problem?: string;
}

interface Saved {
  readonly field: string;
  readonly values: string;
}

const isSaved = (raw: unknown): raw is Saved => isRecord(raw) && typeof raw.field === 'string' && typeof raw.values === 'string';

const savedAxes = ({ state }: App): readonly Saved[] => (Array.isArray(state.extra.sweep) ? state.extra.sweep.filter(isSaved) : []);

/** Why a port does not take one of these values. */
function faultOf(port: PortSpec, values: readonly string[]): string | undefined {
  for (const value of values) {
    try {
      parseValue(port, value);
    } catch (thrown) {
      return `“${value}”: ${toProblem(thrown).message}`;
    }
  }
  return undefined;
}

/** What a text of values says for a port. */
export function readAxis(port: PortSpec, text: string): Pick<SweepAxis, 'text' | 'values' | 'problem'> {
  try {
    const values = parseValues(text);
    const problem = faultOf(port, values);
    return { text, values, ...(problem === undefined ? {} : { problem }) };
  } catch (thrown) {
    return { text, values: [], problem: toProblem(thrown).message };
  }
}

/** The marked axes whose fields exist and have no wire. */
export function axesOf(app: App): readonly SweepAxis[] {
  return savedAxes(app).flatMap(({ field, values }) => {
    const dot = field.lastIndexOf('.');
    const node = nodeById(app, field.slice(0, dot));
    const input = node && fieldsOf(node).find(({ port }) => port.name === field.slice(dot + 1));
    return node && input && input.link === undefined ? [{ node, input, ...readAxis(input.port, values) }] : [];
  });
}

/** `node.field`. */
export const fieldOf = ({ node, input }: Pick<SweepAxis, 'node' | 'input'>): string => `${node.id}.${input.port.name}`;

/** The axis of a field, if it is one. */
export const axisOf = (app: App, node: string, port: string): SweepAxis | undefined =>
  savedAxes(app).length === 0 ? undefined : axesOf(app).find((axis) => fieldOf(axis) === `${node}.${port}`);

/** How many pictures the sweep makes; 0 without axes. */
export const sweepSize = (axes: readonly SweepAxis[]): number =>
  axes.length === 0 ? 0 : axes.reduce((product, { values }) => product * values.length, 1);

/** Changes the axes; one step of undo. */
function save(app: App, sweep: readonly Saved[], action: string): void {
  changeAbout(app, { sweep: sweep.map((axis) => ({ ...axis })) }, action);
}

/** Sets the values of an axis as they are typed. */
export function setAxisValues(app: App, field: string, values: string): void {
  save(
    app,
    savedAxes(app).map((axis) => (axis.field === field ? { field, values } : axis)),
    'Change the values of a sweep',
  );
}

/** Text of a list of values, as {@link parseValues} reads it. */
export const valuesText = (values: readonly string[]): string =>
  values.map((value) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(', ');

const number = (value: number): string => String(Number(value.toPrecision(6)));

/** Values to begin with, near the one that stands there. */
export function firstValues({ port, value }: InputView): string {
  const { widget } = port;
  if (widget?.kind === 'choice') {
    const now = String(value);
    return valuesText([now, ...widget.options.filter((option) => option !== now).slice(0, 1)]);
  }
  if (widget?.kind === 'toggle') return 'false, true';
  if (widget?.kind === 'seed') return `${String(value)}..${String(BigInt(value === undefined ? 0 : digits(value)) + 3n)}:1`;
  if (widget?.kind === 'int' || widget?.kind === 'float') return around(Number(value), widget);
  return valuesText([String(value ?? '')]);
}

const digits = (value: Literal): string => (/^\d+$/.test(String(value)) ? String(value) : '0');

/** Half, as it is, and double, as far as the limits let it; whole where the port is. */
function around(value: number, { min, max, step, kind }: { min: number; max: number; step: number; kind: 'int' | 'float' }): string {
  const fitting = (wanted: number): number => {
    const stepped = kind === 'int' ? min + Math.round((wanted - min) / step) * step : wanted;
    return Math.min(max, Math.max(min, stepped));
  };
  return valuesText([...new Set([value / 2, value, value * 2].map(fitting))].map(number));
}

/** Makes a field an axis, or takes it out of the sweep. */
export function toggleAxis(app: App, node: NodeView, input: InputView): void {
  const field = fieldOf({ node, input });
  // What points to fields that have gone does not take up room.
  const before = axesOf(app).map((axis): Saved => ({ field: fieldOf(axis), values: axis.text }));
  if (before.some((axis) => axis.field === field)) {
    save(
      app,
      before.filter((axis) => axis.field !== field),
      'Take a field out of the sweep',
    );
  } else if (before.length >= mostAxes)
    app.say(`A sweep varies at most ${mostAxes} fields. Take one out first: ${axesOf(app).map(axisTitle).join(', ')}.`, 'error');
  else save(app, [...before, { field, values: firstValues(input) }], `Sweep ${labelOf(input.port)}`);
}

/** How an axis is called: the title of its node and the name of its field. */
export const axisTitle = ({ node, input }: Pick<SweepAxis, 'node' | 'input'>): string =>
  node.title.toLowerCase() === labelOf(input.port).toLowerCase() ? node.title : `${node.title} · ${labelOf(input.port)}`;

/** Shows on the canvas which fields are axes. */
export const drawAxes = (app: App): void => app.view.setAxes(new Map(axesOf(app).map((axis) => [fieldOf(axis), axis.text])));
