import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolders } from './paths.ts';

const markName = '.litegraph-diffusion.folder';

/** What a folder is called, wherever it is mounted; it gets a name when it has none. */
async function nameOf(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, markName);
  const draft = join(folder, `${markName}.${randomUUID()}.new`);
  try {
    await writeFile(draft, randomUUID());
    // Another host that shares the folder may name it at the same moment.
    await link(draft, path).catch(() => writeFile(path, randomUUID(), { flag: 'wx' }).catch(() => undefined));
  } finally {
    await rm(draft, { force: true });
  }
  return (await readFile(path, 'utf8')).trim();
}

/** Names the folders that pictures of jobs come from and go to, where a queue is shared. Hosts that share both get the same name. */
export async function foldersToTell({ data, queue }: { data: string; queue?: unknown }): Promise<{ folders?: string }> {
  if (typeof queue !== 'object') return {};
  const { input, output } = dataFolders(data).images;
  return { folders: `${await nameOf(input)} ${await nameOf(output)}` };
}
