import type { Picture } from '../../nodes/kit/index.ts';
import type { NodeId, RecordedHeader } from '../../workflows/index.ts';
import type { RecordedFrame } from './cache.ts';
import { encodeJpeg } from './images/codec.ts';
import type { LiveEvent } from './run-node.ts';

/** Steps of one node that are kept; of more, evenly spread ones. */
const mostFrames = 100;
const quality = 82;

/** Is this one of the steps that are kept? `index` counts from 1; the last one always is. */
export const isKept = (index: number, total: number): boolean =>
  total <= mostFrames || index === total || Math.floor((index * mostFrames) / total) !== Math.floor(((index - 1) * mostFrames) / total);

/** Pictures of one size beside each other. */
export function besideEachOther(pictures: readonly Picture[]): Picture {
  const { width = 0, height = 0 } = pictures[0] ?? {};
  const line = 3 * width;
  const rgb = new Uint8Array(line * height * pictures.length);
  for (const [place, picture] of pictures.entries()) {
    for (let y = 0; y < height; y++) rgb.set(picture.rgb.subarray(y * line, (y + 1) * line), (y * pictures.length + place) * line);
  }
  return { width: width * pictures.length, height, rgb };
}

/** Makes JPEGs of recorded steps, one after the other, while the run goes on; those of cached nodes as they were. */
export class StepRecorder {
  readonly #job: string;
  readonly #send: (header: RecordedHeader, jpeg: Uint8Array) => void;
  #making: Promise<void> = Promise.resolve();

  constructor(job: string, send: (header: RecordedHeader, jpeg: Uint8Array) => void) {
    this.#job = job;
    this.#send = send;
  }

  /** Returns at once. */
  offer(event: LiveEvent): void {
    if (event.type !== 'step' && event.type !== 'finished') return;
    for (const frame of event.frames ?? []) this.#make(event.node, frame);
  }

  /** Waits until all are made. */
  async flush(): Promise<void> {
    await this.#making;
  }

  #make(node: NodeId, { picture, ...step }: RecordedFrame): void {
    this.#making = this.#making.then(async () => {
      const jpeg = await encodeJpeg(picture, quality);
      this.#send({ job: this.#job, node, ...step, width: picture.width, height: picture.height }, jpeg);
    });
  }
}
