import { withAlpha } from '../colour.ts';
import type { Area, Desk } from '../desk.ts';
import { toScreen } from '../desk.ts';
import { fonts } from '../measures.ts';
import { dress, homeOf } from './overlay.ts';
import type { InPlace } from './text-editor.ts';

/** A list to choose from. Names are shown as text, never as mark-up. */
export interface Choosing {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly chosen: string;
  /** The field it belongs to. */
  area(): Area;
  choose(value: string): void;
  closed(): void;
}

/** Lists longer than this can be searched. */
const searchableFrom = 9;
const rowHeight = 28;

/** Opens a list under a field: arrows, Enter and Escape, or the pointer; typing searches. */
export function openChoices(desk: Desk, choosing: Choosing): InPlace {
  const list = new ChoiceList(desk, choosing);
  list.open();
  return list;
}

/** An open list. */
class ChoiceList implements InPlace {
  readonly #desk: Desk;
  readonly #choosing: Choosing;
  readonly #panel: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #rows: HTMLElement;
  #active: number;
  #shown: Choosing['options'];
  #closed = false;

  constructor(desk: Desk, choosing: Choosing) {
    const page = desk.element.ownerDocument;
    this.#desk = desk;
    this.#choosing = choosing;
    this.#shown = choosing.options;
    this.#active = Math.max(
      0,
      choosing.options.findIndex(({ value }) => value === choosing.chosen),
    );
    this.#panel = page.createElement('div');
    this.#search = page.createElement('input');
    this.#rows = page.createElement('div');
  }

  open(): void {
    this.#build();
    homeOf(this.#desk).append(this.#panel);
    this.#fill();
    this.place();
    (this.#choosing.options.length >= searchableFrom ? this.#search : this.#panel).focus({ preventScroll: true });
    this.#desk.element.ownerDocument.addEventListener('pointerdown', this.#outside, true);
  }

  place(): void {
    const { surface } = this.#desk;
    const area = this.#choosing.area();
    const width = Math.max(140, Math.min(420, area.width * surface.ds.scale));
    const [left, below] = toScreen(this.#desk, [area.x, area.y + area.height]);
    const above = below - area.height * surface.ds.scale;
    const { innerHeight, innerWidth } = this.#desk.element.ownerDocument.defaultView ?? { innerHeight: 600, innerWidth: 800 };
    const height = Math.min(320, this.#panel.scrollHeight);
    const upwards = below + height + 8 > innerHeight && above - height - 8 > 0;
    Object.assign(this.#panel.style, {
      minWidth: `${width}px`,
      maxWidth: '420px',
      left: `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`,
      top: upwards ? '' : `${below + 4}px`,
      bottom: upwards ? `${innerHeight - above + 4}px` : '',
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#desk.element.ownerDocument.removeEventListener('pointerdown', this.#outside, true);
    this.#panel.remove();
    this.#desk.element.focus({ preventScroll: true });
    this.#choosing.closed();
  }

  #build(): void {
    const { theme } = this.#desk;
    const shadow = theme.name === 'dark' ? '0 8px 24px rgba(0, 0, 0, 0.5)' : '0 8px 24px rgba(27, 31, 39, 0.18)';
    dress(this.#desk, this.#panel, {
      background: theme.node,
      outline: `1px solid ${theme.border}`,
      borderRadius: '6px',
      boxShadow: shadow,
      padding: '4px',
      maxHeight: '320px',
      overflow: 'auto',
      fontSize: `${fonts.node}px`,
    });
    dress(this.#desk, this.#search, {
      position: 'sticky',
      top: '0',
      width: '100%',
      height: '28px',
      padding: '0 8px',
      marginBottom: '4px',
      fontSize: '13px',
    });
    this.#panel.tabIndex = -1;
    this.#panel.setAttribute('data-choices', '');
    this.#rows.setAttribute('role', 'listbox');
    this.#rows.setAttribute('aria-label', this.#choosing.label);
    this.#search.setAttribute('aria-label', `Search ${this.#choosing.label}`);
    this.#search.setAttribute('placeholder', 'Search');
    this.#search.addEventListener('input', () => this.#find());
    this.#panel.addEventListener('keydown', (event) => this.#key(event));
    if (this.#choosing.options.length >= searchableFrom) this.#panel.append(this.#search);
    this.#panel.append(this.#rows);
  }

  #find(): void {
    const wanted = this.#search.value.trim().toLowerCase();
    this.#shown = this.#choosing.options.filter(({ text }) => text.toLowerCase().includes(wanted));
    this.#active = 0;
    this.#fill();
  }

  #fill(): void {
    const page = this.#desk.element.ownerDocument;
    const rows = this.#shown.map((option, index): HTMLElement => {
      const row = page.createElement('div');
      row.textContent = option.text;
      row.setAttribute('role', 'option');
      row.setAttribute('aria-selected', String(option.value === this.#choosing.chosen));
      Object.assign(row.style, {
        padding: '0 8px',
        lineHeight: `${rowHeight}px`,
        borderRadius: '4px',
        cursor: 'pointer',
        whiteSpace: 'nowrap',
        overflow: 'hidden',
        textOverflow: 'ellipsis',
      });
      row.addEventListener('pointermove', () => this.#point(index));
      row.addEventListener('click', () => this.#choose(index));
      return row;
    });
    if (rows.length === 0) rows.push(this.#emptyRow());
    this.#rows.replaceChildren(...rows);
    this.#point(this.#active, true);
  }

  #emptyRow(): HTMLElement {
    const row = this.#desk.element.ownerDocument.createElement('div');
    row.textContent = this.#choosing.options.length === 0 ? 'The list is empty.' : 'Nothing of that name.';
    Object.assign(row.style, { padding: '0 8px', lineHeight: `${rowHeight}px`, color: this.#desk.theme.secondary });
    return row;
  }

  #point(index: number, reveal = false): void {
    this.#active = index;
    const { theme } = this.#desk;
    [...this.#rows.children].forEach((row, at) => {
      if (!(row instanceof HTMLElement) || this.#shown[at] === undefined) return;
      const chosen = this.#shown[at]?.value === this.#choosing.chosen;
      row.style.background = at === index ? withAlpha(theme.accent, 0.18) : 'transparent';
      row.style.fontWeight = chosen ? '600' : '400';
      if (at === index && reveal) row.scrollIntoView({ block: 'nearest' });
    });
  }

  #key(event: KeyboardEvent): void {
    const count = this.#shown.length;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -count, End: count };
    const step = steps[event.key];
    if (step !== undefined && count > 0) this.#point(Math.min(count - 1, Math.max(0, this.#active + step)), true);
    else if (event.key === 'Enter') this.#choose(this.#active);
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(index: number): void {
    const option = this.#shown[index];
    if (option !== undefined) this.#choosing.choose(option.value);
    this.close();
  }

  readonly #outside = (event: Event): void => {
    if (event.target instanceof Node && this.#panel.contains(event.target)) return;
    this.close();
  };
}
