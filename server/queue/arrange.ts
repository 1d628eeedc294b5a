import type { Place, WaitingJob } from '../jobs/store.ts';

/** The whole queue in its new order, and the jobs whose priority has to change for it. */
export interface Arrangement {
  readonly order: readonly string[];
  readonly priorities: ReadonlyMap<string, number>;
}

/**
 * Moves jobs within the queue. They keep their order among themselves and take the priority of the place where they go; ids that do not
 * wait are left out, and where the one to stand before has gone, they go to the end.
 */
export function arranged(waiting: readonly WaitingJob[], ids: readonly string[], place: Place): Arrangement {
  const wanted = new Set(ids);
  const moved = waiting.filter(({ id }) => wanted.has(id));
  const others = waiting.filter(({ id }) => !wanted.has(id));
  const found = typeof place === 'string' ? -1 : others.findIndex(({ id }) => id === place.before);
  const at = place === 'first' ? 0 : found < 0 ? others.length : found;
  const neighbour = place === 'first' || found >= 0 ? others[at] : others.at(-1);
  const priority = neighbour?.priority ?? moved[0]?.priority ?? 0;
  return {
    order: [...others.slice(0, at), ...moved, ...others.slice(at)].map(({ id }) => id),
    priorities: new Map(moved.filter((job) => job.priority !== priority).map(({ id }) => [id, priority])),
  };
}
