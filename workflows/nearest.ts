/** The names most like a misspelt one, best first; empty when none is near. */
export function nearest(name: string, known: Iterable<string>, count = 3): readonly string[] {
  const wanted = plain(name);
  const scored: { name: string; distance: number }[] = [];
  for (const candidate of known) {
    const other = plain(candidate);
    const contains = wanted.length > 2 && other.length > 2 && (other.includes(wanted) || wanted.includes(other));
    const distance = contains ? 1 : editDistance(wanted.slice(0, 64), other.slice(0, 64));
    if (distance <= Math.max(2, Math.floor(wanted.length / 3))) scored.push({ name: candidate, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, count).map((entry) => entry.name);
}

/** `Did you mean “A” or “B”?` with a space before it, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const names = nearest(name, known).map((near) => `“${near}”`);
  return names.length === 0 ? '' : ` Did you mean ${names.join(' or ')}?`;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Levenshtein's distance: insertions, deletions and replacements from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
