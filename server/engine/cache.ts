import type { Content, Picture } from '../../nodes/kit/index.ts';

/** The last picture of a node that works in steps; it holds at most one latent more than the node's outputs. */
export interface LastPreview {
  readonly index: number;
  readonly total: number;
  readonly preview: () => Picture | Promise<Picture>;
}

/** A step of a recorded run: x_t, ε̂ and x̂₀ beside each other. */
export interface RecordedFrame {
  readonly index: number;
  readonly total: number;
  readonly sigma?: number;
  readonly picture: Picture;
}

/** What a node gave: its outputs by name, what it showed, how its last step looked, and its steps if they were recorded. */
export interface NodeResult {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly shown: readonly Content[];
  readonly last?: LastPreview;
  readonly frames?: readonly RecordedFrame[];
}

const deepest = 6;
const overhead = 256;

/** Bytes that a value keeps alive, roughly: typed arrays and strings count, functions do not. */
export function bytesOf(value: unknown, depth = 0): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value === 'string') return 2 * value.length;
  if (typeof value !== 'object' || value === null || depth === deepest) return 8;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesOf(part, depth + 1), 0);
}

/** Results by content key, the longest unused ones dropped when they grow beyond a number of bytes. */
export class ResultCache {
  readonly #limit: number;
  readonly #entries = new Map<string, { result: NodeResult; bytes: number }>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Gives the result and marks it as used just now. */
  get(key: string): NodeResult | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.result;
  }

  /** Keeps a result; one that alone is beyond the limit is not kept. */
  set(key: string, result: NodeResult): void {
    this.#drop(key);
    const bytes = overhead + bytesOf(result);
    if (bytes > this.#limit) return;
    this.#entries.set(key, { result, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
