import { isRecord } from '../../workflows/index.ts';
/** A document that the browser keeps: what somebody has made, or changed, on this page. */
export interface Kept {
  readonly id: string;
  readonly name: string;
  /** When it was kept, in ms since 1970. */
  readonly at: number;
  readonly nodes: number;
  readonly text: string;
  /** Opened from a template and not changed since: of no use once another is opened. */
  readonly pristine: boolean;
  /** It came from somebody else and was not run yet. */
  readonly foreign: boolean;
}

/** How much is kept: so many documents, and so many characters of all of them together. */
export interface KeptBounds {
  readonly documents: number;
  readonly characters: number;
}

/** Browsers give a page about five million characters. */
export const keptBounds: KeptBounds = { documents: 60, characters: 4_000_000 };

const prefix = 'litegraph-diffusion.kept.';

function read(storage: Storage, key: string): Kept | undefined {
  try {
    const raw: unknown = JSON.parse(storage.getItem(key) ?? 'null');
    if (!isRecord(raw) || typeof raw.text !== 'string' || typeof raw.at !== 'number') return undefined;
    const name = typeof raw.name === 'string' ? raw.name : 'Untitled';
    const nodes = typeof raw.nodes === 'number' ? raw.nodes : 0;
    const [pristine, foreign] = [raw.pristine === true, raw.foreign === true];
    return { id: key.slice(prefix.length), name, at: raw.at, nodes, text: raw.text, pristine, foreign };
  } catch {
    return undefined;
  }
}

/** All documents that are kept, newest first. */
export const keptDocuments = (storage: Storage): readonly Kept[] =>
  Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) => read(storage, key) ?? [])
    .sort((a, b) => b.at - a.at);

/** The document of an id. */
export const keptDocument = (storage: Storage, id: string): Kept | undefined => read(storage, prefix + id);

/** Takes a document away. */
export const forgetKept = (storage: Storage, id: string): void => storage.removeItem(prefix + id);

/**
 * Keeps a document in the place of what was kept under its id. The oldest ones give way when there are too many, or when the
 * browser's room is full. Throws what the browser throws if this one alone does not fit.
 */
export function keepDocument(storage: Storage, kept: Kept, bounds: KeptBounds = keptBounds): void {
  const { id, ...content } = kept;
  const others = keptDocuments(storage).filter((other) => other.id !== id);
  let room = bounds.characters - kept.text.length;
  const staying = others.filter((other, index) => {
    room -= other.text.length;
    return index < bounds.documents - 1 && room >= 0;
  });
  for (const other of others) if (!staying.includes(other)) forgetKept(storage, other.id);
  for (;;) {
    try {
      storage.setItem(prefix + id, JSON.stringify(content));
      return;
    } catch (thrown) {
      const oldest = staying.pop();
      if (oldest === undefined) throw thrown;
      forgetKept(storage, oldest.id);
    }
  }
}
