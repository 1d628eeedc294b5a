import { GraphError } from '../../nodes/kit/index.ts';

/** One record of a CSV file, and the line it begins on, counted from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

const separators = [',', ';', '\t'] as const;

/** The separator that the first line holds most of, outside of quotes. */
function separatorOf(text: string): string {
  const [head = ''] = text.replace(/"[^"]*"/g, '').split(/\r?\n/, 1);
  const counts = separators.map((separator) => head.split(separator).length);
  return separators[counts.indexOf(Math.max(...counts))] ?? ',';
}

/**
 * Records of CSV (RFC 4180): cells in double quotes may hold separators, line ends and doubled quotes. Commas, semicolons and tabs part cells, whichever
 * the first line has most of; `separator` says it otherwise. Empty lines are passed over. Throws `bad-document` for a quote that is not closed.
 */
export function parseCsv(source: string, separator?: string): readonly CsvRecord[] {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const parts = separator ?? separatorOf(text);
  const records: CsvRecord[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const record = readRecord(text, { at, line, separator: parts });
    if (record.cells.length > 1 || record.cells[0] !== '') records.push({ line, cells: record.cells });
    ({ at, line } = record);
  }
  return records;
}

interface Place {
  readonly at: number;
  readonly line: number;
  readonly separator: string;
}

function readRecord(text: string, place: Place): { cells: string[]; at: number; line: number } {
  const cells: string[] = [];
  let { at, line } = place;
  for (;;) {
    const cell = text[at] === '"' ? quoted(text, at, line) : bare(text, at, place.separator);
    cells.push(cell.value);
    line += cell.value.split('\n').length - 1;
    at = cell.end;
    if (text[at] === place.separator) at++;
    else return { cells, at: afterLineEnd(text, at), line: line + 1 };
  }
}

const afterLineEnd = (text: string, at: number): number => at + (text.startsWith('\r\n', at) ? 2 : 1);

function bare(text: string, from: number, separator: string): { value: string; end: number } {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && !text.startsWith('\r\n', end)) end++;
  return { value: text.slice(from, end), end };
}

function quoted(text: string, from: number, line: number): { value: string; end: number } {
  let value = '';
  for (let at = from + 1; ; ) {
    const close = text.indexOf('"', at);
    if (close < 0) {
      throw new GraphError(
        'bad-document',
        `Line ${line} opens a quote that is never closed. Close it, or double each " that is meant as such.`,
      );
    }
    value += text.slice(at, close);
    if (text[close + 1] !== '"') return { value: value + bareTail(text, close + 1), end: tailEnd(text, close + 1) };
    value += '"';
    at = close + 2;
  }
}

/** Characters between a closing quote and the next separator are kept as they are; well-made files have none. */
const tailEnd = (text: string, from: number): number => {
  const found = text.slice(from).search(/[,;\t\r\n]/);
  return found < 0 ? text.length : from + found;
};
const bareTail = (text: string, from: number): string => text.slice(from, tailEnd(text, from));

/** CSV text of rows, a line each; what would be misread is quoted. */
export function formatCsv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => {
    const text = String(value);
    // Spreadsheets take cells that begin so for formulas.
    const safe = typeof value === 'string' && /^[=+@\t]|^-[^\d.]/.test(text) ? `'${text}` : text;
    return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}
