import { existsSync, type FSWatcher, watch } from 'node:fs';

/** Changes come in bursts; they are told once when it has been quiet for this long, in ms. */
const quiet = 150;

/** How often a folder that is missing, or can no longer be watched, is tried again, in ms. */
const retry = 2000;

/** Calls `onChange` after anything changed in or below the folders, which may come and go. Gives back the end of it. */
export function watchFolders(folders: readonly string[], onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, quiet).unref();
  };
  const ends = folders.map((folder) => watchFolder(folder, changed));
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}

function watchFolder(folder: string, changed: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let again: NodeJS.Timeout | undefined;
  const lose = (): void => {
    watcher?.close();
    watcher = undefined;
    again = setTimeout(begin, retry, true).unref();
  };
  const heard = (): void => {
    changed();
    // A watcher says nothing any more once its folder is gone.
    if (watcher !== undefined && !existsSync(folder)) lose();
  };
  const begin = (late: boolean): void => {
    try {
      watcher = watch(folder, { recursive: true, persistent: false }, heard);
      watcher.on('error', lose);
      if (late) changed();
    } catch {
      lose();
    }
  };
  begin(false);
  return () => {
    clearTimeout(again);
    watcher?.close();
  };
}
