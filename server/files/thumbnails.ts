import { createHash } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShrinkJob } from './shrink.ts';

/** Makes a smaller WebP copy of a picture. */
export type Shrink = (job: ShrinkJob) => Promise<void>;

/** Widths that copies are made in, in pixels: a request gets the next larger one. */
const widths = [96, 192, 384, 768, 1536, 2048];

/** Smaller copies of pictures, kept in the cache folder until the picture changes. */
export class Thumbnails {
  readonly #folder: string;
  readonly #shrink: Shrink;
  readonly #making = new Map<string, Promise<void>>();

  constructor(folder: string, shrink: Shrink) {
    this.#folder = folder;
    this.#shrink = shrink;
  }

  /** Path of a WebP copy of the picture, at least `width` wide if the picture is. */
  async of(path: string, width: number): Promise<string> {
    const { mtimeMs, size } = await stat(path);
    const used = widths.find((candidate) => candidate >= width) ?? 2048;
    const name = createHash('sha256').update(`${path}\0${mtimeMs}\0${size}\0${used}`).digest('hex').slice(0, 40);
    const made = join(this.#folder, `${name}.webp`);
    if (await exists(made)) return made;
    const making = this.#making.get(made) ?? this.#make(path, made, used).finally(() => this.#making.delete(made));
    this.#making.set(made, making);
    await making;
    return made;
  }

  async #make(from: string, to: string, width: number): Promise<void> {
    const draft = `${to}.new`;
    try {
      await this.#shrink({ from, to: draft, width });
      await rename(draft, to);
    } finally {
      await rm(draft, { force: true });
    }
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
