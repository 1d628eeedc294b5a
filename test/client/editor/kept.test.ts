import { describe, expect, it } from 'vitest';
import { forgetKept, type Kept, keepDocument, keptDocument, keptDocuments } from '../../../client/editor/kept.ts';

/** A browser's storage with room for so many characters. */
function storageOf(room: number): Storage {
  const entries = new Map<string, string>();
  return {
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (key) => entries.get(key) ?? null,
    removeItem: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    setItem(key, value) {
      const used = [...entries].reduce((sum, [other, text]) => sum + (other === key ? 0 : text.length), 0);
      if (used + value.length > room) throw new DOMException('full', 'QuotaExceededError');
      entries.set(key, value);
    },
  };
}

const kept = (id: string, at: number, length = 10): Kept => ({
  id,
  at,
  name: `Workflow ${id}`,
  nodes: 3,
  text: 'x'.repeat(length),
  pristine: false,
  foreign: false,
});

const ids = (storage: Storage): readonly string[] => keptDocuments(storage).map(({ id }) => id);

describe('documents kept in the browser', () => {
  it('are found again as they were, newest first, each under its own id', () => {
    const storage = storageOf(10_000);
    storage.setItem('somebody.else', '{}');
    for (const [id, at] of [
      ['a', 1],
      ['b', 3],
      ['c', 2],
      ['a', 4],
    ] as const)
      keepDocument(storage, kept(id, at));
    expect(ids(storage)).toEqual(['a', 'b', 'c']);
    expect(keptDocument(storage, 'b')).toEqual(kept('b', 3));
    forgetKept(storage, 'b');
    expect(ids(storage)).toEqual(['a', 'c']);
  });

  it('give way from the oldest on when there are too many, or too much of them', () => {
    const storage = storageOf(100_000);
    for (let at = 0; at < 6; at++) keepDocument(storage, kept(`d${at}`, at), { documents: 4, characters: 1000 });
    expect(ids(storage)).toEqual(['d5', 'd4', 'd3', 'd2']);
    keepDocument(storage, kept('large', 9, 985), { documents: 4, characters: 1000 });
    expect(ids(storage)).toEqual(['large', 'd5']);
  });

  it('give way when the browser is full, and only what never fits is refused', () => {
    const storage = storageOf(900);
    for (let at = 0; at < 4; at++) keepDocument(storage, kept(`d${at}`, at, 200));
    expect(ids(storage).length).toBeGreaterThan(1);
    expect(ids(storage)[0]).toBe('d3');
    expect(() => keepDocument(storage, kept('huge', 9, 2000))).toThrow();
  });

  it('pass over what is broken', () => {
    const storage = storageOf(10_000);
    keepDocument(storage, kept('a', 1));
    storage.setItem('litegraph-diffusion.kept.b', '{"text": 5');
    storage.setItem('litegraph-diffusion.kept.c', '{"text": 5, "at": "now"}');
    expect(ids(storage)).toEqual(['a']);
  });
});
