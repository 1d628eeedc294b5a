/** Bytes that CLIP's vocabulary shows as themselves; the other 68 stand as characters from U+0100 on. */
const shownBytes: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];
const hiddenBytes = 68;

/** Begin and end of a prompt, the last two entries. */
export const clipSpecials = { begin: '<|startoftext|>', end: '<|endoftext|>' } as const;

/** CLIP's vocabulary follows from its merges: bytes, bytes that end a word, what each merge makes, begin and end. */
export function vocabularyOf(merges: readonly string[]): Readonly<Record<string, number>> {
  const shown = shownBytes.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCharCode(first + i)));
  const bytes = [...shown, ...Array.from({ length: hiddenBytes }, (_, i) => String.fromCharCode(0x100 + i))];
  const words = [...bytes, ...bytes.map((byte) => `${byte}</w>`), ...merges.map((pair) => pair.replace(' ', ''))];
  return Object.fromEntries([...words, clipSpecials.begin, clipSpecials.end].map((word, id) => [word, id]));
}
