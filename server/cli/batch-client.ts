import { randomUUID } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Catalogue, NodeSpec } from '../../nodes/kit/index.ts';
import { writeTable } from '../batch/results.ts';
import { BatchHead, BatchState, ItemRecord } from '../batch/state-file.ts';
import { checkRelative } from '../files/paths.ts';
import { writeWhole } from '../files/write-whole.ts';
import { type Answer, isGood, jsonOf, problemOf, type ServerHttp } from '../worker/server-http.ts';

/** A batch as `GET /v1/batches/:id` tells it. */
const Report = BatchHead.omit({ format: true, stopped: true }).extend({
  id: z.string(),
  state: z.enum(['running', 'done', 'failed', 'interrupted']),
  grid: z.string().optional(),
  items: z.array(ItemRecord),
});
export type ServerReport = z.infer<typeof Report>;

/** Between two looks at how far it is, in ms. */
const look = 500;

const asPath = (name: string): string => name.split('/').map(encodeURIComponent).join('/');
const json = (body: unknown): { method: string; body: string } => ({ method: 'POST', body: JSON.stringify(body) });

/** The answer, if it is none against the request; otherwise throws what the server says. */
function good(answer: Answer): Answer {
  if (isGood(answer)) return answer;
  throw problemOf(answer);
}

/** The node types of a server with its lists. */
export async function serverCatalogue(http: ServerHttp): Promise<Catalogue> {
  // Written by this program.
  const { nodes }: { nodes: NodeSpec[] } = JSON.parse(Buffer.from(good(await http.ask('/v1/nodes', {})).bytes).toString('utf8'));
  return new Map(nodes.map((spec) => [spec.type, spec]));
}

/** Puts a picture into the server's input folder and gives its name there. Throws what the server says against it. */
export async function sendPicture(
  http: ServerHttp,
  path: string,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<string> {
  const headers = { 'Content-Type': 'application/octet-stream' };
  const place = `/v1/images?${new URLSearchParams({ name })}`;
  const answer = await http.askPatiently(place, signal, { method: 'POST', headers, body: await readFile(path) });
  return z.object({ name: z.string() }).parse(jsonOf(good(answer))).name;
}

/** Where what a server made is brought to, and where it is noted which batch it is. */
const noteName = 'server.json';
const Note = z.object({ server: z.string(), id: z.string() });

/** The batch that a folder was made for; undefined if it was not made for a batch of a server. */
export async function notedBatch(folder: string): Promise<z.infer<typeof Note> | undefined> {
  const text = await readFile(join(folder, noteName), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Note.parse(JSON.parse(text));
}

/** What is asked of a server. */
export interface ServerBatch {
  readonly http: ServerHttp;
  /** As `POST /v1/batches` takes it. */
  readonly wish: Readonly<Record<string, unknown>>;
  /** Goes on with this batch. */
  readonly resumed: string | undefined;
  /** Where pictures are brought to. */
  readonly folder: string | undefined;
  readonly signal: AbortSignal;
  readonly onEnd: (item: ItemRecord, unchanged: boolean) => void;
}

/** Runs a batch on a server to its end; when the signal is aborted it is cancelled there. What is made is brought here as it comes. */
export async function runOnServer(batch: ServerBatch): Promise<ServerReport> {
  const { http, wish, resumed, folder, signal } = batch;
  const id = resumed ?? `batch-${randomUUID().slice(0, 8)}`;
  const place = `/v1/batches/${encodeURIComponent(id)}`;
  if (folder !== undefined) await writeWhole(join(folder, noteName), JSON.stringify({ server: http.url, id }));
  const before = folder === undefined ? undefined : await BatchState.read(folder);
  const start = resumed === undefined ? http.ask('/v1/batches', json({ ...wish, id })) : http.ask(`${place}/resume`, json(wish));
  const first = Report.parse(jsonOf(good(await start)));
  const { id: _, state: __, items: ___, ...head } = first;
  const kept = folder === undefined ? undefined : BatchState.open(folder, { ...head, format: 1 }, before?.items);
  const seen = new Map<number, string>();
  for (;;) {
    if (signal.aborted) await http.ask(place, { method: 'DELETE' }).then(good);
    const report = Report.parse(jsonOf(good(await http.askPatiently(place, AbortSignal.timeout(600_000), {}))));
    // An item that is to run again stands there with its last end until then.
    const ended = report.items.filter((item) => seen.get(item.row) !== textOf(item));
    for (const item of ended) {
      seen.set(item.row, textOf(item));
      const unchanged = textOf(item) === textOf(kept?.item(item.row));
      await bring(item.files, { id, ...batch });
      await kept?.note(item);
      batch.onEnd(item, unchanged);
    }
    if (report.state !== 'running') {
      if (report.grid !== undefined) await bring([report.grid.slice(id.length + 1)], { id, ...batch, fresh: true });
      await kept?.flush();
      if (kept !== undefined && folder !== undefined) await writeTable(folder, kept);
      return report;
    }
    await delay(look, undefined, { signal }).catch(() => undefined);
  }
}

const textOf = (item: ItemRecord | undefined): string => JSON.stringify(item);

/** Brings pictures of a batch that are not here yet, or all if `fresh`. */
async function bring(
  files: readonly string[],
  { http, folder, id, fresh = false }: Pick<ServerBatch, 'http' | 'folder'> & { id: string; fresh?: boolean },
): Promise<void> {
  if (folder === undefined) return;
  for (const file of files) {
    checkRelative(file);
    const path = join(folder, file);
    const isHere = await access(path).then(
      () => true,
      () => false,
    );
    if (isHere && !fresh) continue;
    const { bytes } = good(await http.askPatiently(`/v1/images/output/${asPath(`${id}/${file}`)}`, AbortSignal.timeout(600_000), {}));
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, bytes);
  }
}
