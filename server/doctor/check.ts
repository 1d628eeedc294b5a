/** One thing that was looked at. A `note` is worth knowing, a `problem` keeps something from working and comes with what mends it. */
export interface Check {
  /** What was looked at, in a word or two. */
  readonly name: string;
  readonly state: 'ok' | 'note' | 'problem';
  /** What was found, as a sentence or a fact. */
  readonly found: string;
  /** The command or deed that mends it. */
  readonly remedy?: string;
}

/** What went wrong, as one line. */
export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
