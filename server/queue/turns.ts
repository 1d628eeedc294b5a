import type { Urgency } from './database.ts';

const ranks: Readonly<Record<Urgency, number>> = { first: 0, soon: 1, last: 2 };

/** Lets a number of works go on at once; the others wait for their turn, more urgent ones before the rest and otherwise in order. */
export class Turns {
  readonly #waiting: readonly (() => void)[][] = [[], [], []];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Does a work when its turn comes. `late`, in ms: it is left undone and `tooLate` thrown if its turn has not come by then. */
  async take<T>(work: () => Promise<T>, urgency: Urgency, { late, tooLate }: { late?: number; tooLate?: () => Error } = {}): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#turn(this.#waiting[ranks[urgency]] ?? [], late))) throw tooLate?.() ?? new Error('This took too long.');
    try {
      return await work();
    } finally {
      const next = this.#waiting.find((line) => line.length > 0)?.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** Stands in line; true when it is its turn, false if it is too late. */
  #turn(line: (() => void)[], late: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer =
        late === undefined
          ? undefined
          : setTimeout(() => {
              line.splice(line.indexOf(begin), 1);
              resolve(false);
            }, late);
      line.push(begin);
    });
  }
}
