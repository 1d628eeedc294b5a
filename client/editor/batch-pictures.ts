import { toProblem } from '../../nodes/kit/index.ts';
import type { App } from './app.ts';
import { refreshCatalogue } from './lists.ts';
import { type NewBatch, type SentPicture, takesPictures, targets, withPictures } from './new-batch.ts';

const isPicture = ({ name, type }: File): boolean => /^image\//.test(type) || /\.(png|jpe?g|webp)$/i.test(name);

/** The pictures among dropped or chosen files, by name, numbers in their order. */
export const picturesAmong = (files: readonly File[]): readonly File[] =>
  files.filter(isPicture).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

/** The files of what was dropped; a folder gives those that lie directly in it. */
export async function droppedFiles(data: DataTransfer | null): Promise<readonly File[]> {
  // Entries are gone as soon as anything is waited for.
  const entries = [...(data?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const folders = entries.filter(isFolder);
  const files = [...(data?.files ?? [])];
  if (folders.length === 0) return files;
  return (await Promise.all(folders.map(filesOf))).flat();
}

async function filesOf(folder: FileSystemDirectoryEntry): Promise<readonly File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A reader gives a folder piece by piece, and then nothing.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries.filter(isFile)) files.push(await new Promise<File>((resolve, reject) => entry.file(resolve, reject)));
  }
}

const wishOf = ({ state: { dialog } }: App): NewBatch | undefined => (dialog?.kind === 'new-batch' ? dialog.wish : undefined);

async function send(app: App, file: File): Promise<SentPicture> {
  try {
    const { name } = await app.connection.upload(file, file.name);
    return { file: file.name, name };
  } catch (thrown) {
    return { file: file.name, problem: toProblem(thrown) };
  }
}

/** Sends pictures to the server's input folder, one after the other, and makes a row of each in the open dialog; ends when that is closed or told otherwise. */
export async function takePictures(app: App, files: readonly File[]): Promise<void> {
  const before = wishOf(app);
  if (before === undefined) return;
  const change = (wish: NewBatch): void => app.set({ dialog: { kind: 'new-batch', wish } });
  if (!targets(app).some(takesPictures)) {
    change(withPictures(app, before, []));
    return;
  }
  const sent: SentPicture[] = [];
  const { fault: _, ...rest } = before;
  change({ ...rest, rows: [], columns: [], sending: { files, done: 0 } });
  for (const file of files) {
    sent.push(await send(app, file));
    const now = wishOf(app);
    if (now?.sending?.files !== files) return;
    change({ ...now, sending: { files, done: sent.length } });
  }
  await refreshCatalogue(app).catch(() => undefined);
  const now = wishOf(app);
  if (now?.sending?.files === files) change(withPictures(app, now, sent));
}
