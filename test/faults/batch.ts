import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { ask, post, type Where } from '../server/rig.ts';

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One item of a batch: a picture of a size and a colour of its own, saved under the item's name. */
const item = (index: number, size: number) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: size, height: size, batch_size: 1, color: (index * 7919) % 0xffffff } },
  '2': { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: `item-${index}` } },
});

/** A server that takes a batch; its port may change from one life to the next. */
export interface BatchServer {
  readonly rig: Where;
  readonly headers?: Record<string, string>;
}

/** Without a picture for this long, in ms, a batch is taken for stuck, however busy the machine. */
const patience = 120_000;

/** A number of tiny jobs, sent one after the other to a server that may be away. */
export class Batch {
  readonly ids: readonly string[];
  readonly #server: () => BatchServer;
  readonly #size: number;
  readonly #output: string;

  constructor(count: number, options: { server: () => BatchServer; output: string; size?: number }) {
    this.ids = Array.from({ length: count }, (_, index) => `item-${index}`);
    this.#server = options.server;
    this.#output = options.output;
    this.#size = options.size ?? 384;
  }

  /** Sends all; whatever was not answered is sent again under its id. */
  async send(): Promise<void> {
    for (const [index, id] of this.ids.entries()) {
      await this.#patiently(
        async ({ rig, headers }) => (await post(rig, '/v1/jobs', { id, workflow: item(index, this.#size) }, headers)).status === 202,
      );
    }
  }

  /** How many pictures there are. */
  async pictures(): Promise<number> {
    return (await readdir(this.#output).catch(() => [])).filter((name) => !name.startsWith('.')).length;
  }

  /** Waits until there are so many pictures, or all. Throws when nothing comes any more, with what the server says then. */
  async reaches(count: number): Promise<void> {
    let [last, since] = [await this.pictures(), performance.now()];
    while (last < Math.min(count, this.ids.length)) {
      await delay(10);
      const now = await this.pictures();
      if (now !== last) [last, since] = [now, performance.now()];
      if (performance.now() - since > patience) throw new Error(`Nothing happens any more: ${await this.#state()}`);
    }
  }

  async #state(): Promise<string> {
    const { rig, headers = {} } = this.#server();
    const answers = ['/v1/queue', '/v1/workers'].map((path) => ask(rig, path, { headers }).then(({ text }) => text, String));
    return (await Promise.all(answers)).join('\n');
  }

  /** Waits for the end of each job, and counts what became of them and of their pictures. */
  async result(): Promise<BatchResult> {
    const states: Record<string, number> = {};
    for (const id of this.ids) {
      await this.#patiently(async ({ rig, headers = {} }) => {
        const answer = await ask(rig, `/v1/jobs/${id}/events`, { headers });
        const [last = ''] = answer.text.trim().split('\n').slice(-1);
        const state = /"state":"(done|failed|cancelled)"/.exec(last)?.[1];
        if (answer.status === 404) return true;
        if (state !== undefined) states[state] = (states[state] ?? 0) + 1;
        return state !== undefined;
      });
    }
    return { states, ...(await this.#look()) };
  }

  async #look(): Promise<Omit<BatchResult, 'states'>> {
    const names = (await readdir(this.#output)).filter((name) => !name.startsWith('.'));
    const owners = names.map((name) => name.replace(/_\d+_\.png$/, ''));
    const missing = this.ids.filter((id) => !owners.includes(id)).length;
    const twice = owners.length - new Set(owners).size;
    let torn = 0;
    for (const name of names) {
      const whole = await sharp(await readFile(join(this.#output, name)), { failOn: 'warning' })
        .raw()
        .toBuffer()
        .catch(() => undefined);
      if (whole === undefined) torn++;
    }
    return { pictures: names.length, missing, twice, torn };
  }

  /** Asks the server, in whichever life, until it says yes. */
  async #patiently(question: (server: BatchServer) => Promise<boolean>): Promise<void> {
    while (!(await question(this.#server()).catch(() => false))) await delay(20);
  }
}

/** What became of a batch: jobs by their state, and its pictures. */
export interface BatchResult {
  readonly states: Readonly<Record<string, number>>;
  readonly pictures: number;
  /** Items without a picture. */
  readonly missing: number;
  /** Pictures too many. */
  readonly twice: number;
  /** Pictures that cannot be read to their end. */
  readonly torn: number;
}

/** What a batch must come to, whatever is killed. */
export const complete = (count: number): BatchResult => ({ states: { done: count }, pictures: count, missing: 0, twice: 0, torn: 0 });

/** Something that can be killed. */
export interface Victim {
  readonly name: string;
  /** Kills it with SIGKILL; resolves when it, or its successor, is at work again. */
  kill(): Promise<void>;
}

/**
 * Kills one victim after the other at random moments while a batch runs, each time after some more pictures have been made. Gives how often
 * each was hit.
 */
export async function killing(
  batch: Batch,
  victims: readonly Victim[],
  options: { kills: number; seed: number },
): Promise<Record<string, number>> {
  const random = chance(options.seed);
  const hits: Record<string, number> = Object.fromEntries(victims.map(({ name }) => [name, 0]));
  for (let kill = 0; kill < options.kills; kill++) {
    // One that is hit again before it could do anything would be given up, as it should be.
    await batch.reaches((await batch.pictures()) + 1 + victims.length);
    await delay(random() * 150);
    const victim = victims[Math.floor(random() * victims.length)];
    if (victim === undefined) continue;
    await victim.kill();
    hits[victim.name] = (hits[victim.name] ?? 0) + 1;
  }
  return hits;
}
