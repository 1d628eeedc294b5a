import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const windowBytes = 1 << 18;

/** A file that is read here and there: neighbouring reads come from one piece in memory, so that files larger than memory can be looked into. */
export class FileWindow implements Disposable {
  readonly size: number;
  readonly #handle: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array();

  constructor(file: string) {
    this.#handle = openSync(file, 'r');
    this.size = fstatSync(this.#handle).size;
  }

  /** The bytes from `start`; fewer than `count` where the file ends. They stay as they are when more is read. */
  read(start: number, count: number): Uint8Array {
    const inside = start >= this.#start && start + count <= this.#start + this.#bytes.length;
    if (!inside) {
      const bytes = new Uint8Array(Math.max(0, Math.min(Math.max(count, windowBytes), this.size - start)));
      this.#bytes = bytes.subarray(0, readSync(this.#handle, bytes, 0, bytes.length, start));
      this.#start = start;
    }
    return this.#bytes.subarray(start - this.#start, start - this.#start + count);
  }

  /** One byte; NaN behind the end of the file. */
  byte(at: number): number {
    return this.#bytes[at - this.#start] ?? this.read(at, 1)[0] ?? Number.NaN;
  }

  [Symbol.dispose](): void {
    closeSync(this.#handle);
  }
}
