/** How well a text fits a query: letters in order, better at beginnings of words and in a row; undefined if they are not all there. */
export function fuzzyScore(query: string, text: string): number | undefined {
  const wanted = query.toLowerCase().replace(/\s+/g, '');
  const there = text.toLowerCase();
  let score = 0;
  let from = 0;
  let last = -2;
  for (const letter of wanted) {
    const at = there.indexOf(letter, from);
    if (at < 0) return undefined;
    const startsWord =
      at === 0 || !/[a-z0-9]/.test(there[at - 1] ?? '') || (/[A-Z]/.test(text[at] ?? '') && /[a-z]/.test(text[at - 1] ?? ''));
    score += (at === last + 1 ? 3 : 0) + (startsWord ? 4 : 0) + 1;
    from = at + 1;
    last = at;
  }
  return score - text.length / 100;
}

/** Entries that fit far worse than the best one are left out: their letters are in order by chance. */
const leastShare = 0.4;

/** Entries that fit, best first; `texts` gives what an entry is found by, the first one counting most. An empty query keeps the order. */
export function fuzzyFilter<T>(query: string, entries: readonly T[], texts: (entry: T) => readonly string[]): readonly T[] {
  if (query.trim() === '') return entries;
  const scored = entries.flatMap((entry) => {
    const scores = texts(entry).flatMap((text, i) => {
      const score = fuzzyScore(query, text);
      return score === undefined ? [] : [score - 3 * i];
    });
    return scores.length === 0 ? [] : [{ entry, score: Math.max(...scores) }];
  });
  const best = Math.max(...scored.map(({ score }) => score));
  return scored
    .filter(({ score }) => score >= best * leastShare)
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
}
