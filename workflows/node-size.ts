import type { NodeSpec, PortSpec } from '../nodes/kit/index.ts';
import { showsPicture } from './node-types.ts';

/** Measures of a drawn node, in graph units: header above the body, rows of slots and of widgets. */
export const nodeMeasures = { header: 28, row: 26, textRows: 3, padding: 8, minWidth: 190, picture: 180, letter: 7.5 } as const;

/** The size of a node's body, without its header, estimated from ports and widgets; `slots` counts rows of slots. */
export function estimateSize(spec: NodeSpec | undefined, slots: number): readonly [number, number] {
  const { row, padding, minWidth, picture } = nodeMeasures;
  const widgets = spec?.inputs.filter((port) => port.widget !== undefined && port.advanced !== true) ?? [];
  const widgetHeight = widgets.reduce((sum, port) => sum + widgetRows(port) * row, 0);
  const shown = spec !== undefined && showsPicture(spec) ? picture : 0;
  const width = Math.max(minWidth, shown === 0 ? 0 : picture + 40, ...widgets.map(widgetWidth), titleWidth(spec));
  return [Math.ceil(width / 10) * 10, Math.max(row, slots * row + widgetHeight) + shown + 2 * padding];
}

const widgetRows = (port: PortSpec): number => (isLongText(port) ? nodeMeasures.textRows : 1);

const isLongText = (port: PortSpec): boolean => port.widget?.kind === 'text' && port.widget.multiline === true;

function widgetWidth(port: PortSpec): number {
  if (isLongText(port)) return 260;
  const options = port.widget?.kind === 'choice' ? port.widget.options : [];
  const value = Math.min(18, Math.max(6, ...options.map((option) => option.length)));
  return ((port.label ?? port.name).length + value) * nodeMeasures.letter + 4 * nodeMeasures.padding;
}

const titleWidth = (spec: NodeSpec | undefined): number => (spec?.title.length ?? 16) * nodeMeasures.letter + 70;
