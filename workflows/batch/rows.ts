import { GraphError, type Problem, quote, toProblem } from '../../nodes/kit/index.ts';
import { cleanJson, isJsonRecord, type JsonRecord } from '../clean.ts';
import { parseJson } from '../json.ts';
import { isLiteral } from '../values.ts';
import { parseCsv } from './csv.ts';

/** One row of a table: texts by column, or why it cannot be used. Columns that are not given leave the workflow's value. */
export interface BatchRow {
  /** Counted from 1. */
  readonly row: number;
  readonly cells: ReadonlyMap<string, string>;
  readonly problem?: Problem;
}

/** More rows are refused. */
export const mostRows = 100_000;

function bounded(rows: readonly BatchRow[]): readonly BatchRow[] {
  if (rows.length === 0) throw new GraphError('bad-document', 'The table has no rows below its first line. Add one for each picture.');
  if (rows.length > mostRows)
    throw new GraphError('too-large', `The table has ${rows.length} rows; at most ${mostRows} are taken. Split it.`);
  return rows;
}

/** Rows of CSV text, columns by the names of its first line. An empty cell leaves the workflow's value. Throws `bad-document`. */
export function rowsOfCsv(text: string): readonly BatchRow[] {
  const [head, ...records] = parseCsv(text);
  if (head === undefined)
    throw new GraphError('bad-document', 'The table is empty. Its first line names the columns, such as Prompt.text.');
  const columns = head.cells.map((name) => name.trim());
  const twice = columns.find((name, index) => name !== '' && columns.indexOf(name) !== index);
  if (twice !== undefined) throw new GraphError('bad-document', `The table has two columns named ${quote(twice)}. Rename one.`);
  return bounded(
    records.map(({ cells, line }, index) => {
      const filled = columns.flatMap((name, i): [string, string][] => {
        const cell = cells[i] ?? '';
        return name === '' || cell === '' ? [] : [[name, cell]];
      });
      const row = { row: index + 1, cells: new Map(filled) };
      if (cells.length <= columns.length) return row;
      const message = `Line ${line} has ${cells.length} cells, but there are ${columns.length} columns. Put text with commas into double quotes.`;
      return { ...row, problem: { code: 'bad-document', message } };
    }),
  );
}

/** A value of a JSON row as text; null leaves the workflow's value. */
function cellsOf(record: JsonRecord): Map<string, string> {
  const cells = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    if (value === null) continue;
    if (!isLiteral(value))
      throw new GraphError('wrong-type', `${quote(name)} holds a list or an object; a text, a number or true/false was expected.`);
    cells.set(name, String(value));
  }
  return cells;
}

/** A row of names and values, as a line of JSONL or the HTTP API gives it; what is wrong is in the row, and null is one that could not be read elsewhere. */
export function rowOfRecord(record: unknown, row: number): BatchRow {
  if (record === null) {
    const message = 'It could not be read by who sent it, and is left out. Mend it and send it again.';
    return { row, cells: new Map(), problem: { code: 'bad-document', message } };
  }
  try {
    const json = typeof record === 'string' ? parseJson(record) : cleanJson(record);
    if (!isJsonRecord(json)) {
      throw new GraphError('bad-document', `Row ${row} is no JSON object; {"Prompt.text": "red apple"} was expected.`);
    }
    return { row, cells: cellsOf(json) };
  } catch (thrown) {
    return { row, cells: new Map(), problem: toProblem(thrown) };
  }
}

/** Rows of JSONL, an object a line; a line that cannot be read is a bad row, and the others stand. */
export const rowsOfJsonl = (text: string): readonly BatchRow[] =>
  bounded(
    text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .map((line, index) => rowOfRecord(line, index + 1)),
  );

/** Column of a picture's file name, without ending. */
export const fileColumn = 'file';

/** A row for each picture: its name goes to `field`, and without folder and ending into the column {@link fileColumn}. */
export const rowsOfPictures = (names: readonly string[], field: string): readonly BatchRow[] =>
  bounded(
    names.map((name, index) => ({
      row: index + 1,
      cells: new Map([
        [fileColumn, name.replace(/^.*\//, '').replace(/\.[^.]*$/, '')],
        [field, name],
      ]),
    })),
  );

/** So many rows without values: the same workflow again and again. */
export const rowsOfRepeat = (count: number): readonly BatchRow[] =>
  bounded(Array.from({ length: count }, (_, index) => ({ row: index + 1, cells: new Map<string, string>() })));
