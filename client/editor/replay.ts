import { toProblem } from '../../nodes/kit/index.ts';
import type { RecordedNode } from '../../workflows/index.ts';
import { isRecord } from '../../workflows/index.ts';
import type { App } from './app.ts';
import type { Picture } from './state.ts';
import { type RecordedRun, recordedNodes } from './timeline.ts';

/** The steps of a picture, played in its large view. */
export interface Replay {
  readonly run: RecordedRun;
  readonly node: RecordedNode;
  /** Which of the kept steps, from 0. */
  readonly at: number;
  readonly playing: boolean;
}

/** How many of the newest jobs are looked through for the one that made a picture. */
const lookedThrough = 200;

/** The job that made a picture; undefined if it is not among the newest. */
async function jobOf(app: App, { folder, name }: Picture): Promise<string | undefined> {
  return app.connection.get(`/v1/history?limit=${lookedThrough}`, (raw) => {
    const jobs = isRecord(raw) && Array.isArray(raw.jobs) ? raw.jobs.filter(isRecord) : [];
    const made = jobs.find(({ outputs }) =>
      (Array.isArray(outputs) ? outputs.filter(isRecord) : []).some(({ files }) =>
        (Array.isArray(files) ? files.filter(isRecord) : []).some((file) => file.folder === folder && file.name === name),
      ),
    );
    return typeof made?.id === 'string' ? made.id : undefined;
  });
}

function setReplay(app: App, { name }: Picture, replay: Replay | undefined): void {
  const { dialog } = app.state;
  if (dialog?.kind !== 'picture' || dialog.picture.name !== name) return;
  const { replay: _, ...rest } = dialog;
  app.set({ dialog: { ...rest, ...(replay === undefined ? {} : { replay }) } });
}

const shown = (app: App, { name }: Picture): Replay | undefined =>
  app.state.dialog?.kind === 'picture' && app.state.dialog.picture.name === name ? app.state.dialog.replay : undefined;

/** A step is shown this long, in ms; the whole takes at least two and at most six seconds. */
const stepTime = (steps: number): number => Math.min(400, Math.max(2000, Math.min(6000, steps * 150)) / steps);

/** Plays on until the last step, or until it is held or sent away. */
async function play(app: App, picture: Picture): Promise<void> {
  for (;;) {
    const now = shown(app, picture);
    if (now?.playing !== true) return;
    await new Promise((resolve) => setTimeout(resolve, stepTime(now.node.steps.length)));
    const then = shown(app, picture);
    if (then?.playing !== true) return;
    const last = then.node.steps.length - 1;
    setReplay(app, picture, then.at >= last ? { ...then, playing: false } : { ...then, at: then.at + 1 });
  }
}

/** Shows how a picture came about, step by step, from the noise on; says so where its steps were not recorded. */
export async function startReplay(app: App, picture: Picture): Promise<void> {
  try {
    const id = await jobOf(app, picture);
    const nodes = id === undefined ? [] : await recordedNodes(app, id);
    const node = nodes.at(-1);
    if (id === undefined || node === undefined) {
      app.say(
        'The steps of this picture were not recorded, or are not kept any more. Choose “Record steps” in the menu beside Run, and run it again.',
      );
      return;
    }
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    setReplay(app, picture, { run: { id, nodes }, node, at: still ? node.steps.length - 1 : 0, playing: !still });
    if (!still) await play(app, picture);
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
  }
}

/** Plays, from the beginning if it stands at the end, or holds. */
export function togglePlay(app: App, picture: Picture): void {
  const now = shown(app, picture);
  if (now === undefined) return;
  const playing = !now.playing;
  setReplay(app, picture, { ...now, playing, at: playing && now.at >= now.node.steps.length - 1 ? 0 : now.at });
  if (playing) void play(app, picture);
}

/** Goes to a step and stays there. */
export function seekReplay(app: App, picture: Picture, at: number): void {
  const now = shown(app, picture);
  if (now !== undefined) setReplay(app, picture, { ...now, at, playing: false });
}

/** Shows the picture itself again. */
export const endReplay = (app: App, picture: Picture): void => setReplay(app, picture, undefined);
