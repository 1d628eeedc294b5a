import { describe, expect, it } from 'vitest';
import {
  fillTemplate,
  formatCsv,
  namePart,
  parseAxis,
  parseCsv,
  parseValues,
  rowsOfAxes,
  rowsOfCsv,
  rowsOfJsonl,
} from '../../../workflows/index.ts';
import { failure } from '../failure.ts';

const cells = (text: string): readonly (readonly string[])[] => parseCsv(text).map((record) => record.cells);

describe('CSV', () => {
  it('reads quotes, line ends inside of them, semicolons, a byte-order mark and empty lines', () => {
    expect(cells('\uFEFFa,b\r\n"x, ""y""","two\nlines"\r\n\r\n,z\n')).toEqual([
      ['a', 'b'],
      ['x, "y"', 'two\nlines'],
      ['', 'z'],
    ]);
    expect(cells('a;b\n1,5;2\n')).toEqual([
      ['a', 'b'],
      ['1,5', '2'],
    ]);
    expect(parseCsv('a\n"x\ny"\nz').map(({ line }) => line)).toEqual([1, 2, 4]);
    expect(failure(() => parseCsv('a\n"x'))).toMatchObject({ code: 'bad-document', message: expect.stringContaining('Line 2') });
  });

  it('writes what it reads, and no formulas for spreadsheets', () => {
    const rows = [['a, "b"', 'c\nd', '', '-1.5', '7']];
    expect(cells(formatCsv(rows))).toEqual(rows);
    expect(formatCsv([['=1+1', -3]])).toBe("'=1+1,-3\n");
  });

  it('makes rows of it: empty cells set nothing, a row with too many cells is a bad row', () => {
    const [first, second] = rowsOfCsv('Prompt.text,name\nred apple,\na,b,c\n');
    expect(first).toEqual({ row: 1, cells: new Map([['Prompt.text', 'red apple']]) });
    expect(second?.problem?.message).toContain('Line 3 has 3 cells');
    expect(failure(() => rowsOfCsv('a\n')).code).toBe('bad-document');
    expect(failure(() => rowsOfCsv('a,a\n1,2\n')).message).toContain('two columns');
  });
});

it('reads JSONL, seeds exactly, and leaves the other rows standing where one is broken', () => {
  const rows = rowsOfJsonl('{"3.seed": 18446744073709551615, "P.text": "", "x": null}\n{oops\n\n[1]\n');
  expect(rows[0]?.cells).toEqual(
    new Map([
      ['3.seed', '18446744073709551615'],
      ['P.text', ''],
    ]),
  );
  expect(rows.map(({ row, problem }) => [row, problem?.code])).toEqual([
    [1, undefined],
    [2, 'bad-document'],
    [3, 'bad-document'],
  ]);
});

describe('axes', () => {
  it('are ranges with both ends, exact for seeds, and lists', () => {
    expect(parseValues('1..8:3')).toEqual(['1', '4', '7']);
    expect(parseValues('0..1:0.1')).toEqual(['0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9', '1']);
    expect(parseValues('3..1')).toEqual(['3', '2', '1']);
    expect(parseValues('18446744073709551614..18446744073709551615')).toEqual(['18446744073709551614', '18446744073709551615']);
    expect(parseAxis('My node.text="red, green",blue')).toEqual({ field: 'My node.text', values: ['red, green', 'blue'] });
    for (const bad of ['1..9:0', '1..9:-1', '1,1', '1..99999999']) expect(failure(() => parseValues(bad)).code, bad).toBe('bad-value');
    expect(failure(() => parseAxis('cfg=1')).code).toBe('bad-value');
  });

  it('make a row of each combination, the first changing fastest', () => {
    const rows = rowsOfAxes([parseAxis('a.x=1,2'), parseAxis('b.y=u,v')]);
    expect(rows.map((row) => [...row.cells.values()].join(''))).toEqual(['1u', '2u', '1v', '2v']);
    const axis = parseAxis('a.x=1');
    expect(failure(() => rowsOfAxes([axis, axis])).code).toBe('bad-value');
  });
});

it('fills names from a template; nothing of a cell leaves its folder', () => {
  const facts = { row: 7, seed: '42', begun: new Date(2026, 0, 2, 3, 4, 5), cells: new Map([['P.text', '../../a:b?']]) };
  expect(fillTemplate('{date}/{row}-{seed}-{P.text}', facts)).toBe('2026-01-02/0007-42--..-a-b-');
  expect(namePart('..')).toBe('-');
  expect(namePart(' x '.repeat(100)).length).toBeLessThanOrEqual(80);
});
