import { type PortSpec, type Problem, parseValue, toProblem } from '../../nodes/kit/index.ts';
import {
  type BatchRow,
  fillTemplate,
  itemSeeds,
  rowsOfCsv,
  rowsOfJsonl,
  rowsOfRepeat,
  type SeedControl,
  seedFields,
  toWorkflow,
  unknownTokens,
} from '../../workflows/index.ts';
import type { InputView, NodeView } from '../graph-view.ts';
import { type App, currentDocument, fieldsOf, labelOf } from './app.ts';
import type { BatchWish } from './batches.ts';

/** A column of a table: the field that it sets, if any. */
export interface Column {
  readonly name: string;
  /** `node.field`, or empty: then it can only be used in names. */
  readonly field: string;
}

/** What the batch dialog holds. */
export interface NewBatch {
  /** Name of the file that the rows come from. */
  readonly file?: string;
  readonly rows: readonly BatchRow[];
  readonly columns: readonly Column[];
  /** Pictures that are being sent to the server, and how many are there. */
  readonly sending?: { readonly files: readonly File[]; readonly done: number };
  /** Why the file could not be read. */
  readonly fault?: string;
  readonly repeat: number;
  /** Undefined: each seed as its node says. */
  readonly seeds?: SeedControl;
  readonly template: string;
}

/** A dialog that has just been opened. */
export const emptyBatch: NewBatch = { rows: [], columns: [], repeat: 4, template: '{row}' };

/** A field that a column can set. */
export interface Target {
  readonly field: string;
  readonly title: string;
  readonly port: PortSpec;
}

const targetOf = (node: NodeView, { port }: InputView): Target => ({
  field: `${node.id}.${port.name}`,
  title: `${node.title} · ${labelOf(port)}`,
  port,
});

/** Every field that has a value of its own. */
export const targets = (app: App): readonly Target[] =>
  app.nodes().flatMap((node) =>
    fieldsOf(node)
      .filter(({ link }) => link === undefined)
      .map((input) => targetOf(node, input)),
  );

/** The field that a column names, as `node.field` with the node by id or title, by its own name, or by a title that only one node has. */
function boundTo(name: string, nodes: readonly NodeView[]): string {
  const wanted = name.trim().toLowerCase();
  const same = (text: string): boolean => text.toLowerCase() === wanted;
  const fields = nodes.flatMap((node) => fieldsOf(node).map((input) => ({ node, input })));
  const ways: readonly ((at: (typeof fields)[number]) => boolean)[] = [
    ({ node, input }) => same(`${node.id}.${input.port.name}`),
    ({ node, input }) => same(`${node.title}.${input.port.name}`) || same(`${node.title}.${labelOf(input.port)}`),
    ({ node, input }) => same(`${node.type}.${input.port.name}`),
    ({ node, input }) => same(input.port.name) || (same(node.title) && fieldsOf(node).length === 1),
  ];
  for (const way of ways) {
    const found = fields.filter(way);
    const [only] = found;
    if (only !== undefined && found.length === 1) return `${only.node.id}.${only.input.port.name}`;
  }
  return '';
}

/** Reads a table and binds its columns to fields by name. */
export function withTable(app: App, before: NewBatch, { name, text }: { readonly name: string; readonly text: string }): NewBatch {
  try {
    const rows = /\.(jsonl|ndjson)$/i.test(name) || text.trimStart().startsWith('{') ? rowsOfJsonl(text) : rowsOfCsv(text);
    const names = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
    const nodes = app.nodes();
    const columns = names.map((column) => ({ name: column, field: boundTo(column, nodes) }));
    const { fault: _, sending: __, ...rest } = before;
    return { ...rest, file: name, rows, columns };
  } catch (thrown) {
    return { ...before, file: name, rows: [], columns: [], fault: toProblem(thrown).message };
  }
}

/** A picture that was sent to the server: its name there, or why it was not taken. */
export interface SentPicture {
  readonly file: string;
  readonly name?: string;
  readonly problem?: Problem;
}

/** Does this field take a picture of the input folder? */
export const takesPictures = ({ port: { widget } }: Target): boolean => widget?.kind === 'choice' && widget.source === 'input-images';

const noPlace = 'No node of this workflow takes a picture. Add “Load image”, then choose the pictures again.';

/** A row for each picture; it goes to the field that takes one, if there is only one. */
export function withPictures(app: App, before: NewBatch, pictures: readonly SentPicture[]): NewBatch {
  const places = targets(app).filter(takesPictures);
  const { fault: _, sending: __, ...rest } = before;
  if (places.length === 0) return { ...rest, rows: [], columns: [], fault: noPlace };
  const [only] = places;
  const rows = pictures.map(({ file, name, problem }, index): BatchRow => {
    const cells: [string, string][] = [['file', file.replace(/\.[^.]*$/, '')]];
    if (name !== undefined) cells.push(['picture', name]);
    return { row: index + 1, cells: new Map(cells), ...(problem === undefined ? {} : { problem }) };
  });
  const columns = [
    { name: 'picture', field: only !== undefined && places.length === 1 ? only.field : '' },
    { name: 'file', field: '' },
  ];
  return { ...rest, file: `${pictures.length} ${pictures.length === 1 ? 'picture' : 'pictures'}`, rows, columns };
}

/** The same without its table. */
export const withoutTable = ({ file: _, fault: __, sending: ___, ...rest }: NewBatch): NewBatch => ({ ...rest, rows: [], columns: [] });

/** Why a row cannot be run; only its first fault. */
export function rowFault(row: BatchRow, columns: readonly Column[], fields: readonly Target[]): string | undefined {
  if (row.problem !== undefined) return row.problem.message;
  for (const { name, field } of columns) {
    const target = fields.find((one) => one.field === field);
    const cell = row.cells.get(name);
    if (target === undefined || cell === undefined) continue;
    try {
      parseValue(target.port, cell);
    } catch (thrown) {
      return `${name}: ${toProblem(thrown).message}`;
    }
  }
  return undefined;
}

/** Two columns may not set the same field. */
export function columnFault({ rows, columns, repeat, template }: NewBatch): string | undefined {
  const set = columns.filter(({ field }) => field !== '');
  const twice = set.find(({ field }, index) => set.findIndex((other) => other.field === field) !== index);
  if (twice !== undefined) return `Two columns set the same field; let “${twice.name}” set another one, or none.`;
  if (rows.length > 0 && set.length === 0) return 'No column sets a field yet: say which field each one sets.';
  if (rows.length === 0 && !(Number.isInteger(repeat) && repeat >= 1 && repeat <= 100_000)) return 'Repeat 1 to 100 000 times.';
  if (template.trim() === '') return 'The names need a template, such as {row}.';
  const [unknown] = unknownTokens(template, new Set(columns.map(({ name }) => name)));
  return unknown === undefined ? undefined : `{${unknown}} stands for nothing: there are {row}, {seed}, {date}, {time} and the columns.`;
}

const few = 4;

/** Names that the first pictures will have, as the server makes them; a random seed is not known before. */
export function firstNames(app: App, { rows, columns, repeat, seeds, template }: NewBatch): readonly string[] {
  const graph = currentDocument(app);
  const fields = seedFields({ graph, workflow: toWorkflow(graph, app.catalogue) }, app.catalogue).map((field) => ({
    ...field,
    control: seeds ?? field.control,
  }));
  const shown = rows.length > 0 ? rows : rowsOfRepeat(Math.min(few, Math.max(1, Math.floor(repeat) || 1)));
  const [first] = fields;
  const given = columns.find(({ field }) => first !== undefined && field === `${first.node}.${first.port}`);
  return shown.slice(0, few).map(({ row, cells }) => {
    const [rolled = ''] = Object.values(itemSeeds(fields, row - 1, { random: () => 0n }));
    const seed = (given && cells.get(given.name)) ?? (first?.control === 'randomize' ? 'random' : rolled);
    return `${fillTemplate(template, { row, seed, begun: new Date(), cells })}.png`;
  });
}

/** The wish as the server takes it: every cell under its field, and under the name of its column for the names. */
export function batchWish({ rows, columns, repeat, seeds, template }: NewBatch): BatchWish {
  const rest = { name: template, ...(seeds === undefined ? {} : { seeds }) };
  if (rows.length === 0) return { repeat, ...rest };
  // A column that sets nothing must not look like a field.
  const plain = (name: string): boolean => !name.includes('.');
  return {
    rows: rows.map(({ cells, problem }) => {
      // It keeps its number, and fails.
      if (problem !== undefined) return null;
      return Object.fromEntries(
        columns.flatMap(({ name, field }) => {
          const cell = cells.get(name);
          if (cell === undefined) return [];
          return [...(field === '' ? [] : [[field, cell] as const]), ...(plain(name) ? [[name, cell] as const] : [])];
        }),
      );
    }),
    ...rest,
  };
}
