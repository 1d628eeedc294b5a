import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GraphError, problemCodes } from '../../nodes/kit/index.ts';
import { writeWhole } from '../files/write-whole.ts';

const Problem = z.object({
  code: z.enum(problemCodes),
  message: z.string(),
  node: z.string().optional(),
  port: z.string().optional(),
});

/** How one item of a batch ended. */
export const ItemRecord = z.object({
  /** Counted from 1. */
  row: z.int().min(1),
  state: z.enum(['done', 'failed']),
  /** Of the workflow with the row's values in it, before its seeds were chosen. */
  digest: z.string(),
  /** File name without ending. */
  name: z.string(),
  /** Names of the pictures, below the batch's folder. */
  files: z.array(z.string()),
  ms: z.number(),
  seeds: z.record(z.string(), z.string()),
  /** What the row said, by column. */
  values: z.record(z.string(), z.string()),
  problem: Problem.optional(),
  /** How often it was run before. */
  attempt: z.int().optional(),
});
export type ItemRecord = z.infer<typeof ItemRecord>;

/** What a batch is, beside its items. */
export const BatchHead = z.object({
  format: z.literal(1),
  /** Name of the workflow. */
  workflow: z.string(),
  /** ms since 1970. */
  begun: z.number(),
  template: z.string(),
  total: z.int(),
  axes: z.array(z.object({ field: z.string(), values: z.array(z.string()) })),
  /** It was cancelled: a server that starts leaves it alone. */
  stopped: z.literal(true).optional(),
});
export type BatchHead = z.infer<typeof BatchHead>;

const BatchFile = BatchHead.extend({ items: z.array(ItemRecord) });

/** Name of the file that says how far a batch has come. */
export const stateFileName = 'batch.json';

/** After a write the next one waits for this many times as long as that one took. */
const restFactor = 10;

/** How far a batch has come, in a file of its folder that is always whole. */
export class BatchState {
  readonly #path: string;
  #head: BatchHead;
  readonly #items: Map<number, ItemRecord>;
  #writing: Promise<void> = Promise.resolve();
  #restUntil = 0;
  #dirty = true;

  private constructor(path: string, head: BatchHead, items: readonly ItemRecord[]) {
    this.#path = path;
    this.#head = head;
    this.#items = new Map(items.map((item) => [item.row, item]));
  }

  /** What a folder holds; undefined if there is no batch in it. Throws `bad-document` for a file that is not what it should be. */
  static async read(folder: string): Promise<{ head: BatchHead; items: readonly ItemRecord[] } | undefined> {
    const path = join(folder, stateFileName);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const { items, ...head } = BatchFile.parse(JSON.parse(text));
      return { head, items };
    } catch (thrown) {
      throw new GraphError('bad-document', `${path} is not what a batch leaves behind. Choose another folder, or delete that file.`, {
        cause: thrown,
      });
    }
  }

  /** A batch that begins, or goes on with what is known. */
  static open(folder: string, head: BatchHead, items: readonly ItemRecord[] = []): BatchState {
    return new BatchState(join(folder, stateFileName), head, items);
  }

  get head(): BatchHead {
    return this.#head;
  }

  /** In the order of rows. */
  get items(): readonly ItemRecord[] {
    return [...this.#items.values()].sort((a, b) => a.row - b.row);
  }

  item(row: number): ItemRecord | undefined {
    return this.#items.get(row);
  }

  /** Notes how an item ended; it is written at once, or soon where writing takes long. */
  async note(item: ItemRecord): Promise<void> {
    this.#items.set(item.row, item);
    this.#dirty = true;
    if (performance.now() >= this.#restUntil) await this.flush();
  }

  /** Notes that it was cancelled. */
  async stop(): Promise<void> {
    this.#head = { ...this.#head, stopped: true };
    this.#dirty = true;
    await this.flush();
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (!this.#dirty) return;
      this.#dirty = false;
      const started = performance.now();
      await writeWhole(this.#path, `${JSON.stringify({ ...this.#head, items: this.items })}\n`);
      const ended = performance.now();
      this.#restUntil = ended + restFactor * (ended - started);
    });
    return this.#writing;
  }
}
