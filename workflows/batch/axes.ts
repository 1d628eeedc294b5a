import { GraphError, quote } from '../../nodes/kit/index.ts';
import { parseCsv } from './csv.ts';
import type { BatchRow } from './rows.ts';

/** One field that a sweep varies: `node.field`, and its values as texts. */
export interface Axis {
  readonly field: string;
  readonly values: readonly string[];
}

/** A sweep has at most so many axes and cells. */
export const mostAxes = 3;
const mostCells = 10_000;

const bad = (message: string): GraphError => new GraphError('bad-value', message);

/** `1..8:1`: from, to, step, both ends included; whole numbers of any size stay exact. Undefined if the text is no range. */
function rangeOf(text: string): readonly string[] | undefined {
  const match = /^\s*(-?[\d.]+?)\.\.(-?[\d.]+)(?::(-?[\d.]+))?\s*$/.exec(text);
  const [, from, to, step] = match ?? [];
  if (from === undefined || to === undefined) return undefined;
  const whole = [from, to, step ?? '1'].every((part) => /^-?\d+$/.test(part));
  return whole ? wholeRange([BigInt(from), BigInt(to)], step, text) : realRange([Number(from), Number(to)], step, text);
}

function wholeRange([from, to]: readonly [bigint, bigint], given: string | undefined, text: string): readonly string[] {
  const size = BigInt(given ?? 1);
  const step = from > to && size > 0n ? -size : size;
  if (step === 0n || (to - from) * step < 0n) throw bad(`The range ${quote(text)} never gets to its end. Give a step such as 1..8:1.`);
  const count = (to - from) / step + 1n;
  if (count > BigInt(mostCells))
    throw bad(`The range ${quote(text)} has ${count} values; at most ${mostCells} are taken. Give a larger step.`);
  return Array.from({ length: Number(count) }, (_, index) => String(from + BigInt(index) * step));
}

function realRange([from, to]: readonly [number, number], given: string | undefined, text: string): readonly string[] {
  const size = Number(given ?? 1);
  const step = from > to && size > 0 ? -size : size;
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (!Number.isFinite(count) || count < 1) throw bad(`The range ${quote(text)} never gets to its end. Give a step such as 0..1:0.25.`);
  if (count > mostCells) throw bad(`The range ${quote(text)} has ${count} values; at most ${mostCells} are taken. Give a larger step.`);
  return Array.from({ length: count }, (_, index) => String(Number((from + index * step).toPrecision(12))));
}

/** Values with commas between them, each a value or a range; a value with a comma in it stands in double quotes. */
export function parseValues(text: string): readonly string[] {
  // A quote opens behind a space too.
  const close = text.trim().replace(/("(?:[^"]|"")*")|,\s+(?=")/g, (_, quoted?: string) => quoted ?? ',');
  const [record] = parseCsv(close, ',');
  const values = (record?.cells ?? []).flatMap((cell) => rangeOf(cell) ?? [cell.trim()]);
  if (values.length === 0) throw bad('There are no values to try. Write some with commas between them, such as 1,2,4 or 1..8:1.');
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw bad(`The value ${quote(twice)} is there twice. Leave one out.`);
  return values;
}

/** Reads `node.field=values`. Throws `bad-value`. */
export function parseAxis(text: string): Axis {
  const match = /^(.+?\.[^.=]+)=([\s\S]+)$/.exec(text);
  const [, field, values] = match ?? [];
  if (field === undefined || values === undefined)
    throw bad(`A sweep is written as node.field=values, such as Guidance.cfg=1..8:1 or 7.sampler_name=euler,heun; got ${quote(text)}.`);
  return { field: field.trim(), values: parseValues(values) };
}

/** Every combination as a row, the first axis changing fastest. Throws `bad-value` for none, too many axes or cells, or a field twice. */
export function rowsOfAxes(axes: readonly Axis[]): readonly BatchRow[] {
  if (axes.length === 0 || axes.length > mostAxes) throw bad(`A sweep has one to ${mostAxes} axes, got ${axes.length}.`);
  const twice = axes.find(({ field }, index) => axes.findIndex((axis) => axis.field === field) !== index);
  if (twice !== undefined) throw bad(`The field ${quote(twice.field)} is an axis twice. Leave one out.`);
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > mostCells) throw bad(`The sweep would have ${count} pictures; at most ${mostCells} are taken. Give fewer values.`);
  return Array.from({ length: count }, (_, index) => {
    let rest = index;
    const cells = axes.map(({ field, values }): [string, string] => {
      const value = values[rest % values.length] ?? '';
      rest = Math.floor(rest / values.length);
      return [field, value];
    });
    return { row: index + 1, cells: new Map(cells) };
  });
}
