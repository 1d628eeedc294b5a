/** One state of the document as text, and what was done to get there. */
export interface Version {
  readonly text: string;
  readonly action: string;
  /** Changes of the same field one after the other are one step. */
  readonly field?: string | undefined;
  /** Which document it is: one step may lead from one to another. */
  readonly document: string;
}

/** Undo and redo over documents as text; one action of the user is one step. */
export interface History {
  /** Steps that can be taken back. */
  readonly undos: number;
  readonly redos: number;
  /** Starts anew with a document. */
  reset(first: Version): void;
  /** Takes a new state in; the same text again is no step. */
  push(version: Version): void;
  undo(): Version | undefined;
  redo(): Version | undefined;
}

const deepest = 200;

/** An empty history. `still` tells whether a change of the same field continues the last step. */
export function createHistory(still: () => boolean): History {
  let past: Version[] = [];
  let future: Version[] = [];
  return {
    get undos() {
      return Math.max(past.length - 1, 0);
    },
    get redos() {
      return future.length;
    },
    reset(first) {
      past = [first];
      future = [];
    },
    push(version) {
      const last = past.at(-1);
      if (last?.text === version.text) return;
      future = [];
      if (past.length > 1 && version.field !== undefined && last?.field === version.field && still()) past.pop();
      past.push(version);
      if (past.length > deepest) past.splice(1, 1);
    },
    undo() {
      const last = past.length > 1 ? past.pop() : undefined;
      if (last === undefined) return undefined;
      future.push(last);
      return past.at(-1);
    },
    redo() {
      const next = future.pop();
      if (next === undefined) return undefined;
      past.push(next);
      return next;
    },
  };
}
