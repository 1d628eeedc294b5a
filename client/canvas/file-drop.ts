import { type Desk, nodeArea, toGraph } from './desk.ts';
import { frontToBack, inside } from './hit.ts';
import { uploadTo } from './in-place/open-field.ts';
import { picturePort } from './paint/well.ts';

/** A picture that is dropped on a node that loads one goes there; every other drop is left to the page. */
export function listenToDrops(desk: Desk): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const targetOf = (event: DragEvent) => {
    if (desk.options.upload === undefined) return undefined;
    const point = toGraph(desk, event.clientX, event.clientY);
    const node = frontToBack(desk).find((candidate) => inside(nodeArea(desk, candidate), point));
    const port = node === undefined ? undefined : picturePort(desk.specOf(node));
    return node === undefined || port === undefined ? undefined : { node, port };
  };
  desk.element.addEventListener('dragover', (event) => targetOf(event) !== undefined && event.preventDefault(), { signal });
  desk.element.addEventListener(
    'drop',
    (event) => {
      const target = targetOf(event);
      const file = [...(event.dataTransfer?.files ?? [])].find(({ type }) => type.startsWith('image/'));
      if (target === undefined || file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      void uploadTo(desk, target.node, { file, port: target.port });
    },
    { signal },
  );
  return () => listeners.abort();
}
