/** Pictures of the input folder that nodes have chosen, loaded when they are first drawn. */
export class InputPictures {
  readonly #load: (name: string) => Promise<Blob>;
  readonly #changed: () => void;
  readonly #bitmaps = new Map<string, ImageBitmap | 'loading' | 'missing'>();

  constructor(load: (name: string) => Promise<Blob>, changed: () => void) {
    this.#load = load;
    this.#changed = changed;
  }

  /** The picture if it is there, or why it is not. */
  get(name: string): ImageBitmap | 'loading' | 'missing' {
    const found = this.#bitmaps.get(name);
    if (found !== undefined) return found;
    this.#bitmaps.set(name, 'loading');
    void this.#fetch(name);
    return 'loading';
  }

  /** Files may have changed: what is missing is asked for again. */
  refresh(): void {
    for (const [name, bitmap] of this.#bitmaps) if (bitmap === 'missing') this.#bitmaps.delete(name);
  }

  clear(): void {
    for (const bitmap of this.#bitmaps.values()) if (typeof bitmap !== 'string') bitmap.close();
    this.#bitmaps.clear();
  }

  async #fetch(name: string): Promise<void> {
    const bitmap = await this.#load(name)
      .then((blob) => createImageBitmap(blob))
      .catch(() => undefined);
    if (this.#bitmaps.get(name) !== 'loading') bitmap?.close();
    else this.#bitmaps.set(name, bitmap ?? 'missing');
    this.#changed();
  }
}
