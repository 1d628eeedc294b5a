import { type Area, type Desk, toScreen } from '../desk.ts';
import { fonts } from '../measures.ts';

/** Puts an element over a part of the graph; call it again when the view has moved. */
export function placeOver(desk: Desk, element: HTMLElement, area: Area): void {
  const { scale } = desk.surface.ds;
  const [left, top] = toScreen(desk, [area.x, area.y]);
  Object.assign(element.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${area.width * scale}px`,
    height: `${area.height * scale}px`,
    fontSize: `${fonts.node * scale}px`,
  });
}

/** The look of everything that floats over the canvas. Set by script, for style sheets of a host page are not ours. */
export function dress(desk: Desk, element: HTMLElement, more: Partial<CSSStyleDeclaration> = {}): void {
  const { theme } = desk;
  Object.assign(element.style, {
    position: 'fixed',
    zIndex: '40',
    boxSizing: 'border-box',
    margin: '0',
    border: '0',
    borderRadius: '4px',
    outline: `1.5px solid ${theme.accent}`,
    background: theme.field,
    color: theme.text,
    fontFamily: fonts.family,
    colorScheme: theme.name,
    ...more,
  });
}

/** Where floating elements are put: beside the canvas, so that they go with it. */
export const homeOf = ({ element }: Desk): HTMLElement => element.parentElement ?? element.ownerDocument.body;
