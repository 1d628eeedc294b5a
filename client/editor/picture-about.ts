import { type Content, GraphError, toProblem } from '../../nodes/kit/index.ts';
import {
  type Carried,
  type Difference,
  differencesOf,
  diffManifests,
  isRecord,
  judged,
  readCarried,
  readManifest,
  stringifyJson,
  toCompact,
  usualTolerance,
  type Verdict,
  type Workflow,
} from '../../workflows/index.ts';
import { hasEnded, type Run } from '../run-state.ts';
import type { App } from './app.ts';
import { comparePictures } from './compare-pixels.ts';
import type { Picture } from './state.ts';

/** What is known of a picture in its large view. */
export interface About {
  readonly carried?: Carried;
  /** Why nothing is known. */
  readonly fault?: string;
  readonly verdict?: Verdict | 'running' | { readonly fault: string };
  /** How it differs from the picture beside it. */
  readonly differences?: readonly Difference[] | { readonly fault: string };
}

/** The file of a picture as it lies on the server. */
export async function bytesOf(app: App, picture: Pick<Picture, 'folder' | 'name'>): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await app.connection.picture(picture);
  return new Uint8Array(await blob.arrayBuffer());
}

/** Reads workflow and manifest of a picture. Throws `bad-document` where there are none. */
export async function carriedBy(app: App, picture: Picture): Promise<Carried> {
  const carried = readCarried(await bytesOf(app, picture), app.catalogue);
  if (carried === undefined)
    throw new GraphError('bad-document', 'This picture does not say how it was made: it was saved without, or by another program.');
  return carried;
}

/** The workflow with its pictures shown and not saved, so that checking leaves nothing in the output folder. */
function shownOnly(workflow: Workflow): string {
  const compact: unknown = toCompact(workflow);
  const nodes = isRecord(compact) ? Object.entries(compact) : [];
  return stringifyJson(
    Object.fromEntries(
      nodes.map(([id, node]) => {
        if (!isRecord(node) || node.class_type !== 'SaveImage' || !isRecord(node.inputs)) return [id, node];
        const { images } = node.inputs;
        return [id, { ...node, class_type: 'PreviewImage', inputs: { images } }];
      }),
    ),
  );
}

const endOf = (app: App, id: string): Promise<Run> =>
  new Promise((resolve) => {
    const now = app.runs.get(id);
    if (now !== undefined && hasEnded(now)) return resolve(now);
    const stop = app.runs.on('ended', (run) => {
      if (run.id !== id) return;
      stop();
      resolve(run);
    });
  });

/** Pictures that a run made, in the order of its nodes, as they were saved when the picture was made. */
function picturesOf(run: Run, { workflow }: Carried): readonly Picture[] {
  const contents = [...workflow.nodes.values()]
    .filter(({ type }) => type.endsWith('SaveImage'))
    .map(({ id }): Content | undefined => run.nodes.get(id)?.content);
  return contents.flatMap((content) => (content?.kind === 'images' ? content.files : [])).map((file) => ({ ...file, modified: 0 }));
}

/** Runs what made a picture again, with nothing from the cache, and compares. Throws the first problem. */
export async function verifyPicture(app: App, picture: Picture, carried: Carried): Promise<Verdict> {
  const { manifest } = carried;
  const id = app.runs.start(shownOnly(carried.workflow), { fresh: true, ...(manifest.targets ? { targets: [...manifest.targets] } : {}) });
  const run = await endOf(app, id);
  const [problem] = run.problems;
  if (problem !== undefined) throw new GraphError(problem.code, problem.message);
  const again = picturesOf(run, carried)[(manifest.picture ?? 1) - 1];
  if (run.state !== 'done' || again === undefined) throw new GraphError('cancelled', 'It could not be run again to its end.');
  const made = await app.connection.get(`/v1/history/${encodeURIComponent(id)}`, (raw) =>
    isRecord(raw) ? readManifest(stringifyJson(raw.manifest ?? null)) : undefined,
  );
  const changed = made === undefined ? [] : diffManifests(manifest, made);
  // What was only a check does not stand among the jobs of the user.
  await app.connection.post('/v1/history/delete', (raw) => raw, { jobs: [id] });
  const difference = await comparePictures(await app.connection.picture(picture), await app.connection.picture(again));
  return judged(difference, { changed, tolerance: usualTolerance });
}

/** Changes what is known of the picture that is shown; nothing if another one is shown by now. */
function setAbout(app: App, { name }: Picture, change: About): void {
  const { dialog } = app.state;
  if (dialog?.kind === 'picture' && dialog.picture.name === name) app.set({ dialog: { ...dialog, about: { ...dialog.about, ...change } } });
}

const faultOf = (thrown: unknown): { readonly fault: string } => ({ fault: toProblem(thrown).message });

/** Reads what made the picture that is shown, and how it differs from the one beside it. */
export async function readAbout(app: App, picture: Picture, against?: Picture): Promise<void> {
  try {
    const carried = await carriedBy(app, picture);
    setAbout(app, picture, { carried });
    if (against === undefined) return;
    const differences = await carriedBy(app, against).then((other) => differencesOf(other, carried, app.catalogue), faultOf);
    setAbout(app, picture, { differences });
  } catch (thrown) {
    setAbout(app, picture, faultOf(thrown));
  }
}

/** Verifies the picture that is shown. */
export async function verifyShown(app: App, picture: Picture): Promise<void> {
  setAbout(app, picture, { verdict: 'running' });
  try {
    const carried = await carriedBy(app, picture);
    setAbout(app, picture, { carried, verdict: await verifyPicture(app, picture, carried) });
  } catch (thrown) {
    setAbout(app, picture, { verdict: faultOf(thrown) });
  }
}
