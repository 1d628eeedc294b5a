import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { parseJson, stringifyJson } from '../../workflows/index.ts';
import { limits } from '../../workflows/limits.ts';
import { failure } from './failure.ts';

describe('parseJson', () => {
  it('keeps integers beyond 2^53 exactly, and others as numbers', () => {
    const parsed = parseJson('{"a": 18446744073709551615, "b": 9007199254740993, "c": 7, "d": 1.5, "e": -9007199254740993}');
    expect(parsed).toEqual({ a: 18446744073709551615n, b: 9007199254740993n, c: 7, d: 1.5, e: -9007199254740993n });
  });

  it('names line and column of a mistake, and what it is', () => {
    const error = failure(() => parseJson('{\n  "nodes": [],\n  "links": [1 2]\n}'));
    expect(error.code).toBe('bad-document');
    expect(error.message).toContain('line 3, column 15');
    expect(error.message).toContain("'2'");
  });

  it.each(['', '{', '[1,', '{"a":}', 'nope', '{"a":1}}', '"\\x"', '{"a":1,"a":2}'])('refuses %j', (text) => {
    expect(failure(() => parseJson(text)).code).toBe('bad-document');
  });

  it('reads the bare NaN and Infinity of Python as null, but not inside texts', () => {
    expect(parseJson('{"a": NaN, "b": [-Infinity, Infinity, -1], "c": "NaN -Infinity \\" NaN"}')).toEqual({
      a: null,
      b: [null, null, -1],
      c: 'NaN -Infinity " NaN',
    });
  });

  it('reads a byte order mark, and numbers too big to be one as null', () => {
    expect(parseJson('\uFEFF{"a": 1e999}')).toEqual({ a: null });
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString'])('leaves out %s at any depth', (name) => {
    const evil = `{"${name}": {"polluted": 1}, "a": [{"${name}": {"polluted": 1}, "b": {"${name}": {"${name}": {"polluted": 1}}}}]}`;
    const parsed = parseJson(evil);
    expect(parsed).toEqual({ a: [{ b: {} }] });
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('refuses depth, sheer size and sheer number before it costs anything', () => {
    expect(failure(() => parseJson('['.repeat(100_000))).code).toBe('too-large');
    expect(failure(() => parseJson(`{"nodes":[${'{},'.repeat(limits.containers)}{}]}`)).code).toBe('too-large');
    expect(failure(() => parseJson(`"${'x'.repeat(limits.text + 1)}"`)).code).toBe('too-large');
    expect(failure(() => parseJson(' '.repeat(limits.document + 1))).code).toBe('too-large');
  });

  it('throws nothing but GraphError for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => text.slice(0, -1)),
          fc.json({ noUnicodeString: false }),
        ),
        (text) => {
          try {
            parseJson(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(GraphError);
          }
        },
      ),
    );
  });
});

describe('stringifyJson', () => {
  it('writes bigint as bare digits', () => {
    expect(stringifyJson({ seed: 18446744073709551615n, list: [1n] })).toBe('{"seed":18446744073709551615,"list":[1]}');
    expect(stringifyJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
  });

  it('is undone by parseJson', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.jsonValue({ maxDepth: 3 }), (seed, other) => {
        const text = stringifyJson({ seed, other });
        expect(stringifyJson(parseJson(text))).toBe(stringifyJson(parseJson(stringifyJson(parseJson(text)))));
        const parsed = parseJson(text);
        expect(parsed).toHaveProperty('seed', seed >= -(2n ** 53n) + 1n && seed <= 2n ** 53n - 1n ? Number(seed) : seed);
      }),
    );
  });
});
