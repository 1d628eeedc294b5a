import { type Desk, type Hit, idOf, type Point } from './desk.ts';
import { dress, homeOf } from './in-place/overlay.ts';
import type { NodeMarks } from './marks.ts';

/** How long the pointer must rest, in ms. */
const rest = 550;

/** Says what a port, a field or a result is when the pointer rests on it. */
export class Tooltip {
  readonly #desk: Desk;
  readonly #box: HTMLElement;
  readonly #listeners = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#box = desk.element.ownerDocument.createElement('div');
    this.#box.setAttribute('role', 'tooltip');
    const { signal } = this.#listeners;
    desk.element.addEventListener('pointermove', (event) => this.#await([event.clientX, event.clientY], event.buttons), { signal });
    for (const name of ['pointerdown', 'pointerleave', 'wheel', 'keydown'] as const) {
      desk.element.addEventListener(name, () => this.hide(), { signal, passive: true });
    }
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.#box.remove();
  }

  dispose(): void {
    this.hide();
    this.#listeners.abort();
  }

  #await(at: Point, buttons: number): void {
    this.hide();
    if (buttons === 0) this.#timer = setTimeout(() => this.#show(at), rest);
  }

  #show([x, y]: Point): void {
    const text = wordsFor(this.#desk, this.#desk.doing.hover);
    if (text === '') return;
    const { theme } = this.#desk;
    this.#box.textContent = text;
    dress(this.#desk, this.#box, {
      background: theme.node,
      outline: `1px solid ${theme.border}`,
      borderRadius: '6px',
      boxShadow: `0 4px 14px ${theme.shadow}`,
      padding: '6px 10px',
      maxWidth: '280px',
      fontSize: '13px',
      lineHeight: '18px',
      pointerEvents: 'none',
      whiteSpace: 'pre-line',
    });
    homeOf(this.#desk).append(this.#box);
    const { innerWidth, innerHeight } = this.#desk.element.ownerDocument.defaultView ?? { innerWidth: 800, innerHeight: 600 };
    const { width, height } = this.#box.getBoundingClientRect();
    this.#box.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 8))}px`;
    this.#box.style.top = `${y + 18 + height + 8 > innerHeight ? y - height - 10 : y + 18}px`;
  }
}

/** The true sizes of what a node shows; previews are smaller than what they show. */
function sizesOf(marks: NodeMarks | undefined): string {
  const content = marks?.status?.content;
  if (content?.kind === 'images') return [...new Set(content.files.map(({ width, height }) => `${width} × ${height} px`))].join(', ');
  return marks?.preview === undefined ? '' : `Preview, ${marks.preview.width} × ${marks.preview.height} px`;
}

function wordsFor(desk: Desk, hit: Hit): string {
  if (hit.kind === 'plug') {
    const port = [...(desk.specOf(hit.node)?.inputs ?? []), ...(desk.specOf(hit.node)?.outputs ?? [])].find(
      ({ name }) => name === hit.plug.name,
    );
    const help = hit.spot?.help || port?.help || '';
    return [`${hit.plug.type}${hit.spot?.optional === true ? ' · optional' : ''}`, help].filter((line) => line !== '').join('\n');
  }
  if (hit.kind === 'field') return hit.field.port.help;
  if (hit.kind === 'well') return sizesOf(desk.marks.get(idOf(hit.node)));
  if (hit.kind !== 'header') return '';
  const marks = desk.marks.get(idOf(hit.node));
  return [marks?.problems[0]?.message ?? marks?.status?.reason ?? '', desk.specOf(hit.node)?.help ?? '']
    .filter((line) => line !== '')
    .join('\n\n');
}
