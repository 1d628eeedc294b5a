type Context = CanvasRenderingContext2D;

/** Measures and shortens text; answers are remembered, for the same words are drawn in each frame. */
export class Words {
  readonly #ctx: Context;
  readonly #widths = new Map<string, number>();
  readonly #fitted = new Map<string, string>();
  readonly #wrapped = new Map<string, readonly string[]>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** Width in graph units. */
  width(text: string, font: string): number {
    return remember(this.#widths, `${font}\n${text}`, () => {
      this.#ctx.font = font;
      return this.#ctx.measureText(text).width;
    });
  }

  /** The text, or as much of its beginning as fits, with “…”. */
  fit(text: string, font: string, room: number): string {
    if (this.width(text, font) <= room) return text;
    return remember(this.#fitted, `${font}\n${Math.round(room)}\n${text}`, () => {
      let [low, high] = [0, Math.min(text.length, 400)];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (this.width(`${text.slice(0, middle).trimEnd()}…`, font) <= room) low = middle;
        else high = middle - 1;
      }
      return low === 0 ? '' : `${text.slice(0, low).trimEnd()}…`;
    });
  }

  /** The text in lines of at most `room`; the last of `most` lines ends with “…” if there is more. */
  wrap(text: string, font: string, { room, most }: { readonly room: number; readonly most: number }): readonly string[] {
    return remember(this.#wrapped, `${font}\n${Math.round(room)} ${most}\n${text}`, () => this.#wrap(text, font, room, most));
  }

  #wrap(text: string, font: string, room: number, most: number): readonly string[] {
    const lines: string[] = [];
    for (const paragraph of text.slice(0, 4000).split('\n')) {
      let line = '';
      for (const word of paragraph.split(/(?<=\s)/).flatMap((part) => this.#pieces(part, font, room))) {
        if (line !== '' && this.width((line + word).trimEnd(), font) > room) {
          lines.push(line.trimEnd());
          line = '';
        }
        line += word;
      }
      lines.push(line.trimEnd());
      if (lines.length > most) break;
    }
    if (lines.length <= most) return lines;
    const kept = lines.slice(0, most);
    kept[most - 1] = this.fit(`${kept[most - 1]} ${lines[most]}…`, font, room);
    return kept;
  }

  /** A word that is wider than a line is cut. */
  #pieces(word: string, font: string, room: number): readonly string[] {
    if (this.width(word.trimEnd(), font) <= room) return [word];
    const pieces: string[] = [];
    let piece = '';
    for (const letter of word) {
      if (piece !== '' && this.width(piece + letter, font) > room) {
        pieces.push(piece);
        piece = '';
      }
      piece += letter;
    }
    return [...pieces, piece];
  }
}

const mostRemembered = 4000;

function remember<V>(known: Map<string, V>, key: string, find: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size > mostRemembered) known.clear();
  const value = find();
  known.set(key, value);
  return value;
}
