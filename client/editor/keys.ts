import { tinykeys } from 'tinykeys';
import { type App, openDialog } from './app.ts';
import { commands } from './commands.ts';

/** Is a text being edited? Then only keys that say so work. */
const isEditing = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement
    ? !['range', 'checkbox', 'color', 'button'].includes(target.type)
    : target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLElement && target.isContentEditable);

/** Binds all keys of the commands; gives back the end of it. */
export function bindKeys(app: App): () => void {
  const bindings = commands.flatMap(({ keys, also = [], always, run }) => {
    // Copying is the browser's own key: its event hands the text over at once, see bindDrops.
    if (keys === undefined || keys === '$mod+c') return [];
    const handle = (event: KeyboardEvent): void => {
      if (!always && isEditing(event.target)) return;
      event.preventDefault();
      run(app);
    };
    const names = keys === 'Delete' ? ['Delete', 'Backspace'] : keys === '?' ? ['Shift+?', '?'] : [keys, ...also];
    return names.map((name) => [name, handle] as const);
  });
  const leave = (event: KeyboardEvent): void => {
    if (app.state.menu || app.state.runMenu) {
      event.preventDefault();
      app.set({ menu: undefined, runMenu: false });
    } else if (app.state.dialog) openDialog(app, undefined);
    else if (!isEditing(event.target)) app.view.select([]);
  };
  const listeners = new AbortController();
  const { signal } = listeners;
  // A frame around the canvas helps those who came there by Tab, and is in the way of all others.
  const cameBy = (way: string): void => document.documentElement.setAttribute('data-came-by', way);
  addEventListener('pointerdown', () => cameBy('pointer'), { signal, capture: true });
  addEventListener('keydown', (event) => event.key === 'Tab' && cameBy('tab'), { signal, capture: true });
  addEventListener('keydown', walkMenu, { signal, capture: true });
  const unbind = tinykeys(window, Object.fromEntries([...bindings, ['Escape', leave]]));
  return () => {
    listeners.abort();
    unbind();
  };
}

/** The arrows walk through an open menu. */
function walkMenu(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const items = step === 0 ? [] : [...document.querySelectorAll<HTMLElement>('.menu button:not([disabled])')];
  if (items.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const focused = document.activeElement;
  const now = focused instanceof HTMLElement ? items.indexOf(focused) : -1;
  items[now < 0 ? (step > 0 ? 0 : items.length - 1) : (now + step + items.length) % items.length]?.focus();
}
