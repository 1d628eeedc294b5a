import { describe, expect, it } from 'vitest';
import { firstValues, readAxis, valuesText } from '../../../client/editor/axes.ts';
import { batchWish, columnFault, emptyBatch, rowFault } from '../../../client/editor/new-batch.ts';
import { choice, int, seed } from '../../../nodes/kit/index.ts';
import { seedsOfRow } from '../../../server/batch/random-seed.ts';
import { parseValues, rowsOfCsv } from '../../../workflows/index.ts';

const port = { name: 'steps', ...int({ help: 'Steps.', default: 20, min: 1, max: 100 }) };

describe('the values of an axis', () => {
  it('are read as they are typed, with the one that the field does not take', () => {
    expect(readAxis(port, '4..8:2').values).toEqual(['4', '6', '8']);
    expect(readAxis(port, '4, 500').problem).toContain('500');
    expect(readAxis(port, '').problem).toContain('no values');
  });

  it('begin around the value that stands there, inside its limits', () => {
    expect(firstValues({ port, value: 20 })).toBe('10, 20, 40');
    expect(firstValues({ port, value: 1 })).toBe('1, 2');
    expect(firstValues({ port: { name: 'seed', ...seed({ help: 'Seed.' }) }, value: 18446744073709551000n })).toBe(
      '18446744073709551000..18446744073709551003:1',
    );
    const list = { name: 'sampler', ...choice(['euler', 'heun'], { help: 'Sampler.' }) };
    expect(firstValues({ port: list, value: 'heun' })).toBe('heun, euler');
  });

  it('survive as text, whatever is in them', () => {
    const values = ['red, ripe', 'a, "b"', '1.5', 'plain'];
    expect(parseValues(valuesText(values))).toEqual(values);
  });
});

describe('a batch from a table', () => {
  const rows = rowsOfCsv('steps,word\n5,apple\nmany,pear\n');
  const columns = [
    { name: 'steps', field: '4.steps' },
    { name: 'word', field: '' },
  ];

  it('names the rows that fail and sends each cell under its field', () => {
    const fields = [{ field: '4.steps', title: 'Steps', port }];
    expect(rows.map((row) => rowFault(row, columns, fields))).toEqual([undefined, expect.stringContaining('steps: ')]);
    expect(batchWish({ ...emptyBatch, rows, columns })).toMatchObject({ rows: [{ '4.steps': '5', steps: '5', word: 'apple' }, {}] });
  });

  it('sends a row that could not be read as none, so that it keeps its number and fails', () => {
    const bad = rowsOfCsv('steps,word\n5,apple,too,many\n6,pear\n');
    expect(batchWish({ ...emptyBatch, rows: bad, columns })).toMatchObject({ rows: [null, { '4.steps': '6' }] });
  });

  it('says what is wrong with its columns and its names', () => {
    const wish = { ...emptyBatch, rows, columns };
    expect(columnFault(wish)).toBeUndefined();
    expect(columnFault({ ...wish, template: '{oops}' })).toContain('{oops}');
    expect(columnFault({ ...wish, columns: columns.map((one) => ({ ...one, field: '4.steps' })) })).toContain('same field');
    expect(columnFault({ ...wish, columns: columns.map((one) => ({ ...one, field: '' })) })).toContain('No column');
  });
});

it('gives a row of a batch the same seeds each time, and no two rows the same', () => {
  const [one, again, other] = [seedsOfRow('a', 1), seedsOfRow('a', 1), seedsOfRow('a', 2)];
  const first = [one(), one()];
  expect([again(), again()]).toEqual(first);
  expect(new Set([...first, other()]).size).toBe(3);
});
