import { GraphError, quote } from '../../nodes/kit/index.ts';

/** What a name may be made of: `row` counted from 1, the first seed, when the batch began, and the cells of the row. */
export interface NameFacts {
  readonly row: number;
  readonly seed: string;
  readonly begun: Date;
  readonly cells: ReadonlyMap<string, string>;
}

const longestPart = 80;
const two = (value: number): string => String(value).padStart(2, '0');

/** A text as part of a file name, on every system: no slashes, no signs that a shell or Windows minds. */
export function namePart(text: string): string {
  const plain = text
    .normalize('NFC')
    .replace(/[\p{C}/\\:*?"<>|%]+/gu, '-')
    .replace(/\s+/g, ' ')
    .slice(0, longestPart)
    .replace(/^[. ]+|[. ]+$/g, '');
  return plain === '' ? '-' : plain;
}

function tokens({ row, seed, begun, cells }: NameFacts): Map<string, string> {
  const day = `${begun.getFullYear()}-${two(begun.getMonth() + 1)}-${two(begun.getDate())}`;
  const own: [string, string][] = [
    ['row', String(row).padStart(4, '0')],
    ['seed', seed === '' ? 'none' : seed],
    ['date', day],
    ['time', [begun.getHours(), begun.getMinutes(), begun.getSeconds()].map(two).join('')],
  ];
  return new Map([...cells, ...own]);
}

const token = /\{([^{}]+)\}/g;

/** Names in braces of a template that are no column and none of row, seed, date, time. */
export function unknownTokens(template: string, columns: ReadonlySet<string>): readonly string[] {
  const own = ['row', 'seed', 'date', 'time'];
  return [...template.matchAll(token)].map(([, name = '']) => name).filter((name) => !columns.has(name) && !own.includes(name));
}

/** Throws `bad-value` unless every `{…}` of a template names something. */
export function checkTemplate(template: string, columns: ReadonlySet<string>): void {
  const [unknown] = unknownTokens(template, columns);
  if (template.trim() === '') throw new GraphError('bad-value', 'The template of names is empty. Give one such as {row}-{seed}.');
  if (unknown === undefined) return;
  const known = ['row', 'seed', 'date', 'time', ...columns].map((name) => `{${name}}`).join(', ');
  throw new GraphError(
    'bad-value',
    `The template of names holds {${unknown}}, which stands for nothing here. There are ${known}; got ${quote(template)}.`,
  );
}

/** The name of a row's picture, without ending; `/` in the template parts folders, in a value it does not. */
export function fillTemplate(template: string, facts: NameFacts): string {
  const values = tokens(facts);
  return template.replace(token, (_, name: string) => namePart(values.get(name) ?? ''));
}
