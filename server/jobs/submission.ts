import type { JobRequest } from './store.ts';

/** What somebody wants to have run, validated. Without an id it gets one. */
export interface Submission {
  readonly id?: string;
  /** Identifies the content. */
  readonly digest: string;
  /** The content as text. */
  readonly source: string;
  readonly title?: string;
  readonly needs?: readonly string[];
  readonly priority?: number;
  readonly request: JobRequest;
}
