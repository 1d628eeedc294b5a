import type { JobPreview } from '../jobs/book.ts';
import type { LogEntry } from '../jobs/log.ts';

/** The part of a WebSocket that an outbox needs. */
export interface Wire {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, sent: () => void): void;
}

/** When to hold back; bytes. */
export interface OutboxBounds {
  readonly previewBacklog: number;
  readonly eventBacklog: number;
  readonly socketBacklog: number;
}

/**
 * What still has to go to one page. A page that reads slowly gets the newest preview of a node and the newest step of a node
 * only; when that is not enough, `onBehind` is called once and nothing more is sent. So memory stays within
 * `socketBacklog` and one preview for each node; the last one may come after its node has finished.
 */
export class Outbox {
  readonly #wire: Wire;
  readonly #bounds: OutboxBounds;
  readonly #onBehind: () => void;
  readonly #events = new Map<string, string>();
  readonly #previews = new Map<string, JobPreview>();
  #pending = 0;
  #count = 0;
  #behind = false;

  constructor(wire: Wire, bounds: OutboxBounds, onBehind: () => void) {
    this.#wire = wire;
    this.#bounds = bounds;
    this.#onBehind = onBehind;
  }

  /** Bytes that are held back here, besides what the socket buffers itself. */
  get pending(): number {
    return this.#pending;
  }

  /** A message that must arrive. */
  message(json: string): void {
    this.#queue(`#${this.#count++}`, json);
  }

  /** An event; a step that is held back gives way to a newer one of its node. */
  event({ event, json }: LogEntry): void {
    const text = `{"type":"event","event":${json}}`;
    if (event.type === 'step') this.#queue(`${event.job} ${event.node}`, text);
    else this.message(text);
  }

  /** A preview, which may be dropped for a newer one. */
  preview(preview: JobPreview): void {
    if (this.#behind) return;
    this.#previews.set(`${preview.header.job} ${preview.header.node}`, preview);
    this.#flush();
  }

  #queue(key: string, text: string): void {
    if (this.#behind) return;
    this.#pending += text.length - (this.#events.get(key)?.length ?? 0);
    // Deleted first, so that it goes to the end and never before an event that it followed.
    this.#events.delete(key);
    this.#events.set(key, text);
    this.#flush();
    if (this.#pending + this.#wire.bufferedAmount <= this.#bounds.socketBacklog || this.#pending === 0) return;
    this.#behind = true;
    this.#events.clear();
    this.#previews.clear();
    this.#pending = 0;
    this.#onBehind();
  }

  readonly #flush = (): void => {
    for (const [key, text] of this.#events) {
      if (this.#wire.bufferedAmount > this.#bounds.eventBacklog) return;
      this.#events.delete(key);
      this.#pending -= text.length;
      this.#wire.send(text, this.#flush);
    }
    for (const [key, { frame }] of this.#previews) {
      if (this.#wire.bufferedAmount > this.#bounds.previewBacklog) return;
      this.#previews.delete(key);
      this.#wire.send(frame, this.#flush);
    }
  };
}
