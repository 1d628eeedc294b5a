import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Catalogue } from '../../nodes/kit/index.ts';
import { checkRelative } from '../files/paths.ts';
import { writeWhole } from '../files/write-whole.ts';
import { keptInputs } from '../jobs/read.ts';
import { isThere, type ServerClient } from './server-client.ts';

/** The server's input pictures, fetched when a job needs them and when they have changed. */
export class Inputs {
  readonly #client: ServerClient;
  readonly #folder: string;
  readonly #etags = new Map<string, string>();

  constructor(client: ServerClient, folder: string) {
    this.#client = client;
    this.#folder = folder;
  }

  /** Brings what a job reads here; true if anything came. Pictures that the server does not have are left to the check of the job. */
  async bring(source: string, catalogue: Catalogue, signal: AbortSignal): Promise<boolean> {
    let came = false;
    for (const name of keptInputs(source, catalogue)) {
      checkRelative(name);
      const path = join(this.#folder, name);
      const etag = (await isThere(path)) ? this.#etags.get(name) : undefined;
      const fetched = await this.#client.input(name, etag, signal);
      if (fetched === undefined) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeWhole(path, fetched.bytes);
      this.#etags.set(name, fetched.etag);
      came = true;
    }
    return came;
  }
}
