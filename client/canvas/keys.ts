import type { Desk } from './desk.ts';
import type { Pointer } from './pointer.ts';

/** Space held pans, Escape takes back what the pointer is doing. All other keys belong to the page. */
export function listenToKeys(desk: Desk, pointer: Pointer): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const page = desk.element.ownerDocument;
  const pan = (on: boolean): void => {
    if (desk.doing.panning === on) return;
    desk.doing.panning = on;
    desk.element.style.cursor = on ? 'grab' : 'default';
  };
  const down = (event: KeyboardEvent): void => {
    const free = page.activeElement === null || page.activeElement === page.body || page.activeElement === desk.element;
    if (event.code === 'Space' && free && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      pan(true);
    } else if (event.key === 'Escape' && pointer.cancel()) event.stopPropagation();
  };
  page.addEventListener('keydown', down, { signal, capture: true });
  page.addEventListener('keyup', (event) => event.code === 'Space' && pan(false), { signal });
  page.defaultView?.addEventListener('blur', () => pan(false), { signal });
  return () => listeners.abort();
}
