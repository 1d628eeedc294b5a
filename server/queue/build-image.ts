// Makes the image of a new database, for the build; the path is printed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { imagePath, writeImage } from './database-image.ts';
import { openFolder } from './open-folder.ts';
import { schemaStatements } from './schema.ts';

const image = await imagePath();
const home = await mkdtemp(join(tmpdir(), 'litegraph-diffusion-'));
try {
  const folder = join(home, 'queue');
  const database = await openFolder(folder);
  for (const { text } of schemaStatements) await database.query(text);
  // What is left of a start that read the log again would be no new database.
  await database.query('checkpoint');
  await database.close();
  await rm(dirname(image), { recursive: true, force: true });
  await writeImage(folder, image);
} finally {
  await rm(home, { recursive: true, force: true });
}
