import type { NodeMarks } from '../marks.ts';

/** A duration in few letters. */
export function shownTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** What stands at the right end of a header. */
export function badgeOf(marks: NodeMarks | undefined): string {
  const { status } = marks ?? {};
  if (status === undefined) return '';
  if (status.state === 'running') return status.step === undefined ? 'running' : `${status.step.index} / ${status.step.total}`;
  if (status.state === 'ran') return status.ms === undefined ? 'done' : shownTime(status.ms);
  return status.state;
}

/** How much of a running node is done, 0…1; undefined if it does not say. */
export function progressOf(marks: NodeMarks | undefined): number | undefined {
  const { status } = marks ?? {};
  if (status?.state !== 'running' || status.step === undefined) return undefined;
  return status.step.total === 0 ? 0 : Math.min(1, status.step.index / status.step.total);
}
