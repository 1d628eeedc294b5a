import { PGlite } from '@electric-sql/pglite';

/** A queue needs little: with the usual 128 MB of buffers this process would be twice as large. */
const settings = ['shared_buffers=4MB', 'wal_buffers=256kB', 'max_wal_size=64MB', 'min_wal_size=32MB'];

/** Opens the database of a folder, or makes one in it, which takes seconds and 400 MB. */
export const openFolder = (folder: string): Promise<PGlite> =>
  PGlite.create({ dataDir: folder, startParams: [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])] });
