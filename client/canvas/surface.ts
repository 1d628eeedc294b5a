import type { HostCanvas, HostGraph, HostLibrary } from '../plugin/host.ts';

/** What a litegraph canvas of ours does itself. */
export interface SurfaceParts {
  readonly draw: () => void;
  readonly redraw: () => void;
}

/**
 * A litegraph canvas without litegraph's own input, menus, panels and drawing: it keeps the graph, the place and the selection, and
 * tells when litegraph wants to be drawn anew.
 */
export function createSurface(
  host: HostLibrary,
  element: HTMLCanvasElement,
  { graph, parts }: { readonly graph: HostGraph; readonly parts: SurfaceParts },
): HostCanvas {
  const surface = new host.LGraphCanvas(element, graph, { skip_events: true, skip_render: true });
  surface.draw = parts.draw;
  surface.setDirty = parts.redraw;
  return surface;
}

/** Gives the element as many pixels as the screen has for it. True if that was a change. */
export function fitPixels(element: HTMLCanvasElement, density: number): boolean {
  const [width, height] = [Math.max(1, Math.round(element.clientWidth * density)), Math.max(1, Math.round(element.clientHeight * density))];
  if (element.width === width && element.height === height) return false;
  element.width = width;
  element.height = height;
  return true;
}
