import type { Content, ImageFile, Plot, Problem, TableLabels } from '../../nodes/kit/index.ts';
import type { NodeId, NodeStatus } from '../../workflows/index.ts';
import { closeAll, type PictureList, showFiles } from './shown-pictures.ts';

/** What runs have said of a node, as far as it is drawn. */
export interface NodeMarks extends PictureList {
  status?: NodeStatus;
  preview?: ImageBitmap;
  plot?: Plot;
  /** What is written beside the one picture, or the names of two that are compared. */
  labels?: TableLabels;
  compare?: boolean;
  text?: string;
  /** What is shown is of an earlier run. */
  stale: boolean;
  problems: readonly Problem[];
}

/** What marks need of the page. */
export interface MarksWorld {
  readonly picture: (file: ImageFile) => Promise<Blob>;
  readonly changed: () => void;
}

/** Keeps what runs say of nodes. Of previews the newest wins; bitmaps that are no longer shown are let go. */
export class Marks {
  readonly #world: MarksWorld;
  readonly #marks = new Map<NodeId, NodeMarks>();
  readonly #newest = new Map<NodeId, Uint8Array>();

  constructor(world: MarksWorld) {
    this.#world = world;
  }

  get(node: NodeId): NodeMarks | undefined {
    return this.#marks.get(node);
  }

  /** Is any node running? */
  get running(): boolean {
    for (const { status } of this.#marks.values()) if (status?.state === 'running') return true;
    return false;
  }

  setStatus(node: NodeId, status: NodeStatus | undefined): void {
    const mark = this.#at(node);
    if (status === undefined) delete mark.status;
    else mark.status = status;
    // A run that is over without words has none to say any more.
    if (status?.state === 'ran' || status?.state === 'cached') this.#dropStaleText(mark);
    if (status?.state === 'cached') mark.stale = false;
    this.#world.changed();
  }

  /** Shows a JPEG once the browser has decoded it. */
  async setPreview(node: NodeId, jpeg: Uint8Array): Promise<void> {
    this.#at(node);
    this.#newest.set(node, jpeg);
    const bitmap = await createImageBitmap(new Blob([jpeg.slice()], { type: 'image/jpeg' })).catch(() => undefined);
    const mark = this.#marks.get(node);
    if (bitmap === undefined) return;
    if (mark === undefined || this.#newest.get(node) !== jpeg) {
      bitmap.close();
      return;
    }
    mark.preview?.close();
    mark.preview = bitmap;
    this.#dropStaleText(mark);
    mark.stale = false;
    this.#world.changed();
  }

  async setContent(node: NodeId, content: Content): Promise<void> {
    const mark = this.#at(node);
    this.#dropStaleText(mark);
    mark.stale = false;
    if (content.kind === 'plot') mark.plot = content.plot;
    else if (content.kind === 'text') mark.text = content.text;
    else if (await showFiles(mark, content.files, this.#world.picture)) {
      if (content.labels === undefined) delete mark.labels;
      else mark.labels = content.labels;
      mark.compare = content.compare === true;
      mark.preview?.close();
      delete mark.preview;
      this.#newest.delete(node);
    }
    this.#world.changed();
  }

  setProblems(problems: readonly Problem[]): void {
    for (const mark of this.#marks.values()) mark.problems = [];
    for (const problem of problems) {
      if (problem.node === undefined) continue;
      const mark = this.#at(problem.node);
      mark.problems = [...mark.problems, problem];
    }
    this.#world.changed();
  }

  /** Statuses and problems go; pictures stay, as those of an earlier run. */
  clearRun(): void {
    for (const mark of this.#marks.values()) {
      delete mark.status;
      mark.problems = [];
      mark.stale = true;
    }
    this.#world.changed();
  }

  /** Forgets nodes that are gone. */
  keep(nodes: ReadonlySet<NodeId>): void {
    for (const node of this.#marks.keys()) if (!nodes.has(node)) this.forget(node);
  }

  /** Forgets one node. */
  forget(node: NodeId): void {
    const mark = this.#marks.get(node);
    if (mark === undefined) return;
    this.#marks.delete(node);
    this.#newest.delete(node);
    mark.preview?.close();
    delete mark.loading;
    closeAll(mark.pictures);
  }

  #dropStaleText(mark: NodeMarks): void {
    if (mark.stale) delete mark.text;
  }

  #at(node: NodeId): NodeMarks {
    const found = this.#marks.get(node) ?? { pictures: [], stale: false, problems: [] };
    this.#marks.set(node, found);
    return found;
  }
}
