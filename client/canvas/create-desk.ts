import { typePrefix } from '../../workflows/index.ts';
import { createEmitter } from '../emitter.ts';
import type { GraphViewEvents, GraphViewOptions } from '../graph-view.ts';
import { registerNodeTypes } from '../plugin/node-types.ts';
import type { Desk, Doing } from './desk.ts';
import { createFrames, type Frames } from './frames.ts';
import { InputPictures } from './input-pictures.ts';
import { createLayouts } from './layouts.ts';
import { litegraphCore } from './litegraph.ts';
import { Marks } from './marks.ts';
import { createPainter } from './painter.ts';
import { createSurface } from './surface.ts';
import { themeOf } from './theme.ts';

/** A desk with its engine running. */
export interface RunningDesk {
  readonly desk: Desk;
  readonly frames: Frames;
}

/** Pictures in nodes are asked for at most this wide, in px. */
const pictureWidth = 1024;

/** Puts a canvas together: litegraph's graph and canvas, our types, our drawing. `drawn` is called after each frame. */
export function createDesk(element: HTMLCanvasElement, options: GraphViewOptions, drawn: () => void): RunningDesk {
  const host = litegraphCore();
  const types = registerNodeTypes(host, typePrefix.replace('/', ''));
  types.update(options.catalogue);
  const graph = new host.LGraph();
  const doing: Doing = { hover: { kind: 'nothing' }, panning: false };
  const events = createEmitter<GraphViewEvents>();
  const painter = createPainter(element, {
    desk: () => desk,
    layouts: () => layouts,
    again: () => frames.request(),
  });
  const draw = (now: number): void => {
    painter.draw(now);
    desk.surface.frame += 1;
    drawn();
  };
  const calm = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)');
  const frames = createFrames(draw, () => desk.marks.running && calm?.matches !== true);
  const redraw = (): void => {
    painter.changed();
    frames.request();
  };
  const specOf: Desk['specOf'] = (node) => types.specOf(node);
  const layouts = createLayouts(specOf);
  const desk: Desk = {
    host,
    graph,
    surface: createSurface(host, element, {
      graph,
      parts: {
        draw() {
          painter.changed();
          draw(performance.now());
        },
        redraw,
      },
    }),
    element,
    types,
    options,
    events,
    marks: new Marks({ picture: (file) => options.picture(file, file.width > pictureWidth ? pictureWidth : undefined), changed: redraw }),
    inputs: new InputPictures((name) => options.picture({ folder: 'input', name }, pictureWidth), redraw),
    doing,
    get calm() {
      return calm?.matches === true;
    },
    theme: themeOf(options.theme),
    axes: new Map(),
    held: new Map(),
    extra: {},
    specOf,
    layoutOf: layouts.of,
    redraw,
    moved: () => frames.request(),
    done: (action, field) => events.emit('change', { action, ...(field === undefined ? {} : { field }) }),
  };
  return { desk, frames };
}
