import type { App } from '../app.ts';
import { dropJob, moveJobs, stepJob } from '../jobs.ts';

const dragType = 'application/x-diffusion-job';

/** Arrows, Home and End move the job whose handle has the focus; the handle keeps it. */
export function handleKey(app: App, id: string, event: KeyboardEvent): void {
  const { key } = event;
  if (key === 'ArrowUp') stepJob(app, id, -1);
  else if (key === 'ArrowDown') stepJob(app, id, 1);
  else if (key === 'Home') moveJobs(app, [id], 'first');
  else if (key === 'End') moveJobs(app, [id], 'last');
  else return;
  event.preventDefault();
  const handle = event.currentTarget;
  if (handle instanceof HTMLElement) requestAnimationFrame(() => handle.focus());
}

const rowOf = (target: EventTarget | null): Element | null => (target instanceof Element ? target.closest('[draggable]') : null);

const mark = (row: Element | null, over: boolean): void => {
  row?.classList.toggle('over', over);
};

/** What a row does while jobs are dragged by mouse. */
export const dragging = (app: App, id: string) => ({
  start: (event: DragEvent): void => event.dataTransfer?.setData(dragType, id),
  over: (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes(dragType)) return;
    event.preventDefault();
    mark(rowOf(event.currentTarget), true);
  },
  leave: (event: DragEvent): void => mark(rowOf(event.currentTarget), false),
  drop: (event: DragEvent): void => {
    mark(rowOf(event.currentTarget), false);
    const dragged = event.dataTransfer?.getData(dragType);
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    dropJob(app, dragged, id);
  },
});

/** The same by finger or pen, from the handle: the browser drags nothing by itself there. */
export function handleTouch(app: App, id: string, event: PointerEvent): void {
  const handle = event.currentTarget;
  if (event.pointerType === 'mouse' || !(handle instanceof HTMLElement)) return;
  let row: Element | null = null;
  const move = ({ clientX, clientY }: PointerEvent): void => {
    const under = rowOf(document.elementFromPoint(clientX, clientY));
    if (under === row) return;
    mark(row, false);
    row = under;
    mark(row, true);
  };
  const end = ({ type }: PointerEvent): void => {
    handle.removeEventListener('pointermove', move);
    handle.removeEventListener('pointerup', end);
    handle.removeEventListener('pointercancel', end);
    mark(row, false);
    const target = row instanceof HTMLElement ? row.dataset.job : undefined;
    if (type === 'pointerup' && target !== undefined) dropJob(app, id, target);
  };
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener('pointermove', move);
  handle.addEventListener('pointerup', end);
  handle.addEventListener('pointercancel', end);
}
