import type { RecordedHeader, RecordedNode } from '../../workflows/protocol.ts';

interface Frame {
  readonly header: RecordedHeader;
  readonly jpeg: Uint8Array;
}

/** The recorded steps of jobs, in memory. Beyond a number of bytes those of the oldest jobs are dropped. */
export class Recordings {
  readonly #limit: number;
  readonly #jobs = new Map<string, { frames: Map<string, Frame>; bytes: number }>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(header: RecordedHeader, jpeg: Uint8Array): void {
    const job = this.#jobs.get(header.job) ?? { frames: new Map<string, Frame>(), bytes: 0 };
    const key = keyOf(header);
    const before = job.frames.get(key)?.jpeg.byteLength ?? 0;
    job.frames.set(key, { header, jpeg });
    job.bytes += jpeg.byteLength - before;
    this.#bytes += jpeg.byteLength - before;
    this.#jobs.set(header.job, job);
    for (const oldest of this.#jobs.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.forget(oldest);
    }
  }

  /** What was recorded of a job, node by node, steps in order; empty if nothing was, or it was dropped. */
  list(job: string): readonly RecordedNode[] {
    const nodes = new Map<string, RecordedNode & { readonly steps: { index: number; sigma?: number }[] }>();
    for (const { header } of this.#jobs.get(job)?.frames.values() ?? []) {
      const { node, total, width, height, index, sigma } = header;
      const known = nodes.get(node) ?? { node, total, width, height, steps: [] };
      known.steps.push({ index, ...(sigma === undefined ? {} : { sigma }) });
      nodes.set(node, known);
    }
    for (const { steps } of nodes.values()) steps.sort((a, b) => a.index - b.index);
    return [...nodes.values()];
  }

  /** One step as a JPEG, if it is there. */
  step(job: string, node: string, index: number): Uint8Array | undefined {
    return this.#jobs.get(job)?.frames.get(keyOf({ node, index }))?.jpeg;
  }

  forget(job: string): void {
    this.#bytes -= this.#jobs.get(job)?.bytes ?? 0;
    this.#jobs.delete(job);
  }
}

const keyOf = ({ node, index }: { readonly node: string; readonly index: number }): string => `${index} ${node}`;
