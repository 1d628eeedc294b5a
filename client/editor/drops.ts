import { isCopy } from '../canvas/clipboard.ts';
import type { App } from './app.ts';
import { openFile, openText } from './documents.ts';

/** Is this text a workflow, rather than nodes that were copied? */
function isWorkflow(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || isCopy(parsed)) return false;
    return (
      'version' in parsed ||
      ('last_node_id' in parsed && 'nodes' in parsed) ||
      Object.values(parsed).some((part) => typeof part === 'object' && part !== null && 'class_type' in part)
    );
  } catch {
    return false;
  }
}

const isTextField = (target: EventTarget | null): boolean => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

function pasted(app: App, event: ClipboardEvent, withWires: boolean): void {
  if (isTextField(event.target) || app.state.dialog) return;
  const [file] = event.clipboardData?.files ?? [];
  if (file !== undefined) {
    event.preventDefault();
    void openFile(app, file);
    return;
  }
  const text = event.clipboardData?.getData('text/plain') ?? '';
  if (!text.trimStart().startsWith('{')) return;
  event.preventDefault();
  const nodes = isWorkflow(text) ? undefined : tryPaste(app, text, withWires);
  if (nodes === undefined) openText(app, text, { foreign: true, undoable: true });
  else app.view.select(nodes);
}

/** Hands the chosen nodes to the clipboard; text that is selected on the page, or edited, is what the user wants instead. */
function copied(app: App, event: ClipboardEvent): void {
  const { selection, dialog } = app.state;
  if (isTextField(event.target) || dialog || selection.length === 0 || String(getSelection() ?? '') !== '') return;
  event.clipboardData?.setData('text/plain', app.view.copy(selection));
  event.preventDefault();
}

function tryPaste(app: App, text: string, withWires: boolean): readonly string[] | undefined {
  const made = app.view.paste(text, { at: app.view.centre(), withWires });
  return made.length > 0 ? made : undefined;
}

/** Where a point of the page lies in the graph. */
function graphPoint(app: App, event: DragEvent, scale: number): readonly [number, number] {
  const box = app.view.canvas.getBoundingClientRect();
  const [cx, cy] = app.view.centre();
  return [cx + (event.clientX - box.left - box.width / 2) / scale, cy + (event.clientY - box.top - box.height / 2) / scale];
}

async function dropped(app: App, event: DragEvent, scale: number): Promise<void> {
  const type = event.dataTransfer?.getData('application/x-diffusion-node');
  if (type) {
    app.view.select([app.view.add(type, graphPoint(app, event, scale))]);
    return;
  }
  const [file] = event.dataTransfer?.files ?? [];
  if (file !== undefined) await openFile(app, file);
}

/** Opens what is pasted or dropped anywhere on the page; gives back the end of it. */
export function bindDrops(app: App): () => void {
  let shift = false;
  let scale = 1;
  const watchShift = (event: KeyboardEvent): void => {
    shift = event.shiftKey;
  };
  const paste = (event: ClipboardEvent): void => pasted(app, event, shift);
  const copy = (event: ClipboardEvent): void => copied(app, event);
  const over = (event: DragEvent): void => event.preventDefault();
  const drop = (event: DragEvent): void => {
    // A picture dropped on a node that takes one is the canvas's own affair.
    if (event.defaultPrevented) return;
    event.preventDefault();
    void dropped(app, event, scale);
  };
  const forget = app.view.on('view', (seen) => {
    scale = seen.scale;
  });
  addEventListener('keydown', watchShift, true);
  addEventListener('copy', copy);
  addEventListener('paste', paste);
  addEventListener('dragover', over);
  addEventListener('drop', drop);
  return () => {
    forget();
    removeEventListener('keydown', watchShift, true);
    removeEventListener('copy', copy);
    removeEventListener('paste', paste);
    removeEventListener('dragover', over);
    removeEventListener('drop', drop);
  };
}
