import type { Picture } from '../../nodes/kit/index.ts';
import type { NodeId, PreviewHeader } from '../../workflows/index.ts';
import type { LastPreview } from './cache.ts';
import { encodeJpeg } from './images/codec.ts';
import type { LiveEvent } from './run-node.ts';

/** At least this many ms between two previews of a run, and this many times what drawing the last one cost. */
const interval = 66;
const share = 100;
const quality = 82;

/** A preview that cannot be drawn is let go: the run is what counts. */
function drawn(preview: LastPreview['preview']): Picture | Promise<Picture> | undefined {
  try {
    return preview();
  } catch {
    return undefined;
  }
}

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
    if (event.type === 'finished' && event.last !== undefined) this.#make(event.node, event.last);
    if (event.type !== 'step' || event.preview === undefined) return;
    const busy = this.#making !== undefined || performance.now() < this.#next;
    if (event.index < event.total && busy) return;
    this.#make(event.node, { index: event.index, total: event.total, preview: event.preview });
  }

  #make(node: NodeId, { index, total, preview }: LastPreview): void {
    const started = performance.now();
    const drawing = drawn(preview);
    if (drawing === undefined) return;
    const now = performance.now();
    // A decoder's time is not known: other work comes between. It is small beside that of a step.
    const pause = drawing instanceof Promise ? interval : Math.max(interval, share * (now - started));
    this.#next = now + pause;
    const before = this.#making;
    const making = (async () => {
      const picture = await drawing;
      if (drawing instanceof Promise) this.#next = performance.now() + interval;
      await before;
      const jpeg = await encodeJpeg(picture, quality);
      this.#send({ job: this.#job, node, index, total, mime: 'image/jpeg', width: picture.width, height: picture.height }, jpeg);
    })()
      .catch(() => undefined)
      .finally(() => {
        if (this.#making === making) this.#making = undefined;
      });
    this.#making = making;
  }

  /** Waits for the one that is being made. */
  async flush(): Promise<void> {
    await this.#making;
  }
}
