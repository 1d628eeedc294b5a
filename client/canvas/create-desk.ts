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
import { drawScene } from './paint/scene.ts';
import { Words } from './paint/words.ts';
import { createSurface, fitPixels } from './surface.ts';
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
  const reported = new WeakSet<object>();
  const words = new Words(contextOf(element));
  const draw = (now: number): void => {
    const density = Math.max(1, globalThis.devicePixelRatio || 1);
    fitPixels(element, density);
    drawScene(desk, { ctx: contextOf(element), words, density, now }, (node, thrown) => {
      if (reported.has(node)) return;
      reported.add(node);
      console.error(`Node ${node.id} (${node.type}) could not be drawn.`, thrown);
    });
    desk.surface.frame += 1;
    drawn();
  };
  const calm = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)');
  const frames = createFrames(draw, () => desk.marks.running && calm?.matches !== true);
  const redraw = (): void => frames.request();
  const specOf: Desk['specOf'] = (node) => types.specOf(node);
  const desk: Desk = {
    host,
    graph,
    surface: createSurface(host, element, { graph, parts: { draw: () => draw(performance.now()), redraw } }),
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
    extra: {},
    specOf,
    layoutOf: createLayouts(specOf),
    redraw,
    done: (action, field) => events.emit('change', { action, ...(field === undefined ? {} : { field }) }),
  };
  return { desk, frames };
}

function contextOf(element: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = element.getContext('2d');
  if (context === null) throw new Error('This browser gives no drawing context for the canvas. Close other pages and open this one again.');
  return context;
}
