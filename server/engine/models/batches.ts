import { concatBatch, GraphError, sliceBatch, type Tensor } from '../../../nodes/kit/index.ts';

type Feeds = Readonly<Record<string, Tensor>>;
type Results = ReadonlyMap<string, Tensor>;

/** Items along the first axis of what has more than one: pictures, prompts or windows of tokens. */
export const batchOf = (feeds: Feeds): number =>
  Math.max(1, ...Object.values(feeds).map(({ dims }) => (dims.length > 1 ? (dims[0] ?? 1) : 1)));

/** The largest power of two that is not above `count`. */
const bucket = (count: number): number => 2 ** Math.floor(Math.log2(count));

/** Items `start … start+count−1`; what has no batch or a batch of one goes to all. */
const part = (feeds: Feeds, start: number, count: number, batch: number): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [
      name,
      feed.dims.length > 1 && feed.dims[0] === batch ? sliceBatch(feed, start, count) : feed,
    ]),
  );

function join(results: readonly Results[]): Results {
  const [first] = results;
  if (first === undefined || results.length === 1) return first ?? new Map();
  return new Map([...first.keys()].map((name) => [name, concatBatch(results.flatMap((one) => one.get(name) ?? []))]));
}

/** The same batch with its last item repeated until there are `count`. */
const filled = (feeds: Feeds, batch: number, count: number): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => {
      if (feed.dims.length < 2 || feed.dims[0] !== batch) return [name, feed];
      const last = sliceBatch(feed, batch - 1, 1);
      return [name, concatBatch([feed, ...Array.from({ length: count - batch }, () => last)])];
    }),
  );

/** Runs pieces of exactly `size` items, as a network wants whose file fixes its batch; what a short last piece is filled up with is cut off again. */
async function runInEqualPieces(run: (feeds: Feeds) => Promise<Results>, feeds: Feeds, size: number): Promise<Results> {
  const batch = batchOf(feeds);
  const done: Results[] = [];
  for (let start = 0; start < batch; start += size) {
    const count = Math.min(size, batch - start);
    const results = await run(filled(part(feeds, start, count, batch), count, size));
    done.push(new Map([...results].map(([name, value]) => [name, value.dims[0] === size ? sliceBatch(value, 0, count) : value])));
  }
  return join(done);
}

/** How a batch may be cut. */
export interface Cutting {
  /** The only batch that the network takes, where its file fixes one. */
  readonly exact: number | undefined;
  /** Run powers of two only, so that a GPU meets few shapes. */
  readonly buckets: boolean;
  /** The largest batch that has fitted so far, if one did not. */
  readonly most: number;
  /** Hears of a smaller batch that has to do from now on. */
  readonly shrink: (most: number) => void;
}

const isOutOfMemory = (thrown: unknown): boolean => thrown instanceof GraphError && thrown.code === 'out-of-memory';

/** Runs a batch in as few pieces as fit: out of memory, pieces are halved until one item is tried alone; then the error stands. */
export async function runInPieces(
  run: (feeds: Feeds) => Promise<Results>,
  feeds: Feeds,
  { exact, buckets, most, shrink }: Cutting,
): Promise<Results> {
  if (exact !== undefined) return runInEqualPieces(run, feeds, exact);
  const batch = batchOf(feeds);
  const done: Results[] = [];
  let limit = most;
  for (let start = 0; start < batch; ) {
    const left = Math.min(batch - start, limit);
    const count = buckets || left < batch ? bucket(left) : left;
    try {
      done.push(await run(part(feeds, start, count, batch)));
      start += count;
    } catch (thrown) {
      if (!isOutOfMemory(thrown) || count === 1) throw thrown;
      limit = bucket(count - 1);
      shrink(limit);
    }
  }
  return join(done);
}
