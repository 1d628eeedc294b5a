import type { NodeSpec, PortSpec } from '../nodes/kit/index.ts';
import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { limits } from './limits.ts';
import { isSeedPort, widgetPorts } from './node-types.ts';
import { type PropertyValue, type SeedControl, seedControls } from './types.ts';
import { isLiteral, isSafeName, toForeignProperty, toProperty } from './values.ts';

/** The property that says how a seed changes before each run. */
export const controlProperty = 'control_after_generate';

type Values = Record<string, PropertyValue>;

/**
 * The values of a known node by name: from `properties`, else from `widgets_values` (by name, or by position as ComfyUI
 * writes them), else the defaults. Other properties with plain values are kept.
 */
export function readKnownValues(raw: JsonRecord, spec: NodeSpec): Values {
  const named = isJsonRecord(raw.properties) ? raw.properties : {};
  const listed = isJsonList(raw.widgets_values) ? valuesByPosition(raw.widgets_values, spec) : raw.widgets_values;
  const other = isJsonRecord(listed) ? listed : {};
  const values: Values = {};
  for (const port of widgetPorts(spec)) {
    const value = firstLiteral(preferred(spec, named[port.name], other[port.name]), port.default);
    if (value !== undefined) values[port.name] = value;
  }
  const control = readControl(named[controlProperty]) ?? readControl(other[controlProperty]);
  if (control !== undefined || spec.inputs.some(isSeedPort)) values[controlProperty] = control ?? 'fixed';
  return { ...values, ...plainProperties(named, spec, Object.keys(values)) };
}

/** The values of a node that is not in the catalogue, kept as they came. */
export function readForeignValues(raw: JsonRecord): { properties: Values; widgets_values?: readonly PropertyValue[] | Values } {
  const properties = isJsonRecord(raw.properties) ? foreignRecord(raw.properties) : {};
  const { widgets_values: widgets } = raw;
  if (isJsonList(widgets)) return { properties, widgets_values: widgets.slice(0, limits.values).map(toForeignProperty) };
  return isJsonRecord(widgets) ? { properties, widgets_values: foreignRecord(widgets) } : { properties };
}

/** `fixed`, `randomize`, …, or undefined for anything else. */
export function readControl(raw: Json | undefined): SeedControl | undefined {
  if (raw === true) return 'randomize';
  return seedControls.find((control) => control === raw);
}

/**
 * ComfyUI's list of values, given names: one for each widget in order, with the control after a seed and the entry of the
 * upload button, the word “image”, after an uploadable picture between them. Short lists leave the rest to the defaults.
 */
function valuesByPosition(list: readonly Json[], spec: NodeSpec): JsonRecord {
  const values: Record<string, Json> = {};
  const ports = widgetPorts(spec);
  let at = 0;
  ports.forEach((port, index) => {
    const value = list[at++];
    if (value !== undefined) values[port.name] = value;
    if (hasControlEntry(port, spec) && isControlEntry(list[at], ports[index + 1])) {
      values[controlProperty] = list[at++] ?? 'fixed';
    }
    if (port.widget?.kind === 'choice' && port.widget.upload === true && list[at] === 'image') at += 1;
  });
  return values;
}

const hasControlEntry = (port: PortSpec, spec: NodeSpec): boolean =>
  isSeedPort(port) || (port.type === 'INT' && /^(noise_)?seed$/.test(port.name)) || spec.type === 'PrimitiveNode';

/** Old files have a boolean there, which must not be taken from a switch that follows. */
function isControlEntry(value: Json | undefined, next: PortSpec | undefined): boolean {
  if (typeof value === 'boolean') return next?.widget?.kind !== 'toggle';
  return typeof value === 'string' && readControl(value) !== undefined;
}

/** A note of ComfyUI has an empty `properties.text` beside its real text. */
const preferred = (spec: NodeSpec, named: Json | undefined, other: Json | undefined): Json | undefined =>
  spec.virtual === true && named === '' && other !== undefined ? other : (named ?? other);

function firstLiteral(value: Json | undefined, fallback: Json | undefined): PropertyValue | undefined {
  if (isLiteral(value)) return toProperty(value);
  return isLiteral(fallback) ? toProperty(fallback) : undefined;
}

function plainProperties(named: JsonRecord, spec: NodeSpec, taken: readonly string[]): Values {
  const without = new Set([...taken, ...spec.inputs.map((port) => port.name), controlProperty]);
  const kept: Values = {};
  for (const [name, value] of Object.entries(named).slice(0, limits.values)) {
    if (!without.has(name) && isSafeName(name) && isLiteral(value)) kept[name] = toProperty(value);
  }
  return kept;
}

function foreignRecord(raw: JsonRecord): Values {
  const kept: Values = {};
  for (const [name, value] of Object.entries(raw).slice(0, limits.values)) {
    if (isSafeName(name) && value !== undefined) kept[name] = toForeignProperty(value);
  }
  return kept;
}
