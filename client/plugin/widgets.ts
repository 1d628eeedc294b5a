import type { NodeSpec, PortSpec } from '../../nodes/kit/index.ts';
import { controlProperty, type PropertyValue } from '../../workflows/index.ts';
import { readControl } from '../../workflows/read-values.ts';
import { seedWords } from '../seed-words.ts';
import type { HostNode, HostWidget } from './host.ts';
import { labelled } from './node-class.ts';
import { precisionOf, shownOptions, takeValue, widgetValue } from './property-values.ts';

/** Ports with a widget in the node; the rest is edited in litegraph's panel of properties. */
export const portsInNode = (spec: NodeSpec): readonly PortSpec[] =>
  spec.inputs.filter(({ widget, advanced }) => widget !== undefined && advanced !== true);

/** Gives a node litegraph's own widgets for its values. `specOf` is asked anew for lists of choices. */
export function addWidgets(node: HostNode, specOf: () => NodeSpec): void {
  for (const port of portsInNode(specOf())) {
    const current = (): PortSpec => specOf().inputs.find(({ name }) => name === port.name) ?? port;
    addWidget(node, port, current);
    if (port.widget?.kind === 'seed') addControl(node);
  }
}

function addWidget(node: HostNode, port: PortSpec, current: () => PortSpec): void {
  const changed = (entered: unknown): void => enter(node, current(), entered);
  const widget = node.addWidget(stockType(port), port.name, widgetValue(port, node.properties[port.name]), changed, stockOptions(current));
  widget.label = labelled(port).label;
}

function stockType({ widget }: PortSpec): string {
  if (widget?.kind === 'int' || widget?.kind === 'float') return 'number';
  if (widget?.kind === 'toggle') return 'toggle';
  return widget?.kind === 'choice' ? 'combo' : 'text';
}

function stockOptions(current: () => PortSpec): object {
  const { widget } = current();
  switch (widget?.kind) {
    case 'int':
    case 'float':
      // litegraph goes on by a tenth of a step.
      return { min: widget.min, max: widget.max, step: widget.step * 10, precision: precisionOf(current(), 0) };
    case 'toggle':
      return { on: 'yes', off: 'no' };
    case 'choice':
      return { values: () => [...shownOptions(current())] };
    case 'text':
      return { multiline: widget.multiline === true };
    default:
      return {};
  }
}

function addControl(node: HostNode): void {
  const texts = Object.values(seedWords).map(({ name }) => name);
  const changed = (entered: unknown): void => {
    const [control] = Object.entries(seedWords).find(([, { name }]) => name === entered) ?? [];
    if (control !== undefined) node.setProperty(controlProperty, control);
    syncWidgets(node, []);
  };
  const widget = node.addWidget('combo', controlProperty, seedWords.randomize.name, changed, { values: texts });
  widget.label = 'next run';
}

/** Takes what a widget was set to; what is no value of the port is undone. */
function enter(node: HostNode, port: PortSpec, entered: unknown): void {
  const value = takeValue(port, entered);
  if (value !== undefined && value !== node.properties[port.name]) node.setProperty(port.name, value);
  syncWidgets(node, [port]);
  node.setDirtyCanvas(true, false);
}

/** Shows the node's values in its widgets; those that are fed by a wire are dimmed. */
export function syncWidgets(node: HostNode, ports: readonly PortSpec[]): void {
  const widgets = new Map((node.widgets ?? []).map((widget) => [widget.name, widget]));
  for (const port of ports) {
    const widget = widgets.get(port.name);
    if (widget !== undefined) show(widget, port, node);
  }
  const control = widgets.get(controlProperty);
  const kept = node.properties[controlProperty];
  if (control !== undefined) control.value = seedWords[(typeof kept === 'string' ? readControl(kept) : undefined) ?? 'fixed'].name;
}

function show(widget: HostWidget, port: PortSpec, node: HostNode): void {
  const value = node.properties[port.name];
  widget.value = widgetValue(port, value);
  widget.disabled = node.inputs.some(({ name, link }) => name === port.name && link !== null && link !== undefined);
  if (widget.type === 'number' && widget.options !== undefined) widget.options.precision = precisionOf(port, value);
}

/** Values of a port that came from elsewhere than its widget, made right: the file's, else the default. */
export function mendValues(node: HostNode, spec: NodeSpec, defaults: Readonly<Record<string, PropertyValue>>): void {
  for (const port of spec.inputs) {
    if (port.widget === undefined) continue;
    const value = takeValue(port, node.properties[port.name]) ?? defaults[port.name];
    if (value !== undefined) node.properties[port.name] = value;
  }
  syncWidgets(node, spec.inputs);
}
