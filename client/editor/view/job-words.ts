import type { EndedJob } from '../state.ts';

/** What a job is called. */
export const jobTitle = ({ id, title }: { readonly id: string; readonly title: string }): string => title || `Job ${id.slice(0, 8)}`;

/** A time in ms, in words. */
export function secondsText(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** When: the time of day, and the day if it is not today. */
export function clockText(at: number): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString([], { hour: '2-digit', minute: '2-digit', ...(today ? {} : { day: 'numeric', month: 'short' }) });
}

/** How a job ended, how long it took, and when. */
export function factsOf({ state, cached, created, started, ended }: EndedJob): string {
  const outcome = cached ? 'from cache' : state;
  const took = started !== undefined && ended !== undefined && !cached ? [secondsText(ended - started)] : [];
  return [outcome, ...took, clockText(ended ?? created)].join(' · ');
}
