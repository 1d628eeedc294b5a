import type { Place, Problem, ProblemCode } from '../nodes/kit/index.ts';
import { limits } from './limits.ts';

/** Collects what was repaired or dropped on reading; the list is bounded, the count is not. */
export interface Warnings {
  add(code: ProblemCode, message: string, place?: Place): void;
  list(): readonly Problem[];
}

/** An empty collection. */
export function createWarnings(): Warnings {
  const listed: Problem[] = [];
  let more = 0;
  return {
    add(code, message, place = {}) {
      if (listed.length < limits.warnings) listed.push({ code, message, ...place });
      else more += 1;
    },
    list() {
      if (more === 0) return listed;
      return [...listed, { code: 'bad-document', message: `${more} further things were repaired or dropped in the same way.` }];
    },
  };
}
