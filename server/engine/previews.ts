import type { PreviewHeader } from '../../workflows/index.ts';
import { encodeJpeg } from './images/codec.ts';
import type { LiveEvent } from './run-node.ts';

/** At least this many ms between two previews of a run, and this many times what drawing the last one cost. */
const interval = 66;
const share = 50;
const quality = 82;

/** Makes JPEGs of steps without ever holding one up: while one is being made the others are let go, the last step of a loop excepted. */
export class Previews {
  readonly #job: string;
  readonly #send: (header: PreviewHeader, jpeg: Uint8Array) => void;
  #making: Promise<void> | undefined;
  #next = Number.NEGATIVE_INFINITY;

  constructor(job: string, send: (header: PreviewHeader, jpeg: Uint8Array) => void) {
    this.#job = job;
    this.#send = send;
  }

  /** Returns at once. */
  offer(event: LiveEvent): void {
    if (event.type !== 'step' || event.preview === undefined) return;
    const final = event.index === event.total;
    const started = performance.now();
    if (!final && (this.#making !== undefined || started < this.#next)) return;
    const { node, index, total } = event;
    const picture = event.preview();
    const now = performance.now();
    this.#next = now + Math.max(interval, share * (now - started));
    const before = this.#making;
    const making = (async () => {
      await before;
      const jpeg = await encodeJpeg(picture, quality);
      this.#send({ job: this.#job, node, index, total, mime: 'image/jpeg', width: picture.width, height: picture.height }, jpeg);
    })().finally(() => {
      if (this.#making === making) this.#making = undefined;
    });
    this.#making = making;
  }

  /** Waits for the one that is being made. */
  async flush(): Promise<void> {
    await this.#making;
  }
}
