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
  const bindings = commands.flatMap(({ keys, always, run }) => {
    if (keys === undefined) return [];
    const handle = (event: KeyboardEvent): void => {
      if (!always && isEditing(event.target)) return;
      // Text that is selected on the page is what the user wants to copy.
      if (keys === '$mod+c' && String(getSelection() ?? '') !== '') return;
      event.preventDefault();
      run(app);
    };
    const names = keys === 'Delete' ? ['Delete', 'Backspace'] : keys === '?' ? ['Shift+?', '?'] : [keys];
    return names.map((name) => [name, handle] as const);
  });
  const leave = (event: KeyboardEvent): void => {
    if (app.state.menu || app.state.runMenu) {
      event.preventDefault();
      app.set({ menu: undefined, runMenu: false });
    } else if (app.state.dialog) openDialog(app, undefined);
  };
  return tinykeys(window, Object.fromEntries([...bindings, ['Escape', leave]]));
}
