import { type Literal, type PortSpec, parseValue, toBigInt } from '../../nodes/kit/index.ts';
import { controlProperty, type SeedControl, seedControls } from '../../workflows/index.ts';
import { fromProperty, isLiteral, toProperty } from '../../workflows/values.ts';
import type { HostNode } from '../plugin/host.ts';

/** The value of a port as it stands in the node; the default where there is none. */
export function fieldValue(node: HostNode, port: PortSpec): Literal | undefined {
  const kept = node.properties[port.name];
  return isLiteral(kept) ? fromProperty(port, kept) : port.default;
}

/** Writes a value into the node; integers beyond 2^53 as digits. False if nothing changed. */
export function putValue(node: HostNode, port: Pick<PortSpec, 'name'>, value: Literal): boolean {
  const kept = toProperty(value);
  if (node.properties[port.name] === kept) return false;
  node.setProperty(port.name, kept);
  return true;
}

/** What was typed, as a value of the port: numbers are held within their limits. Undefined if it is none. */
export function readTyped(port: PortSpec, text: string): Literal | undefined {
  const { widget } = port;
  if (widget === undefined) return undefined;
  const clean = text.trim().replace(/[\s_'’]/g, '');
  if (widget.kind === 'seed') return seedIn(toBigInt(clean));
  if (widget.kind === 'int') {
    const exact = toBigInt(clean) ?? toBigInt(Math.round(Number(clean.replace(',', '.'))));
    return clean === '' || exact === undefined ? undefined : Number(within(exact, BigInt(widget.min), BigInt(widget.max)));
  }
  if (widget.kind === 'float') {
    const value = clean === '' ? Number.NaN : Number(clean.replace(',', '.'));
    return Number.isFinite(value) ? Math.min(widget.max, Math.max(widget.min, value)) : undefined;
  }
  if (widget.kind === 'color') return /^#?[0-9a-f]{6}$/i.test(clean) ? Number.parseInt(clean.replace('#', ''), 16) : undefined;
  return text;
}

const seedIn = (value: bigint | undefined): Literal | undefined => {
  if (value === undefined) return undefined;
  const held = within(value, 0n, 2n ** 64n - 1n);
  return held <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(held) : held;
};

const within = (value: bigint, min: bigint, max: bigint): bigint => (value < min ? min : value > max ? max : value);

/** The value so many steps away, within its limits, whole numbers a whole number of steps from the lowest; undefined for values without steps. */
export function stepped(port: PortSpec, from: Literal, steps: number): Literal | undefined {
  const { widget } = port;
  const whole = BigInt(Math.trunc(steps));
  if (widget?.kind === 'seed') return seedIn((toBigInt(from) ?? 0n) + whole);
  if (widget?.kind !== 'int' && widget?.kind !== 'float') return undefined;
  const { min, max, step } = widget;
  const moved = Number(from) + Math.trunc(steps) * step;
  const held = Math.min(max, Math.max(min, widget.kind === 'int' ? min + Math.round((moved - min) / step) * step : moved));
  return widget.kind === 'int' ? Math.round(held) : Number(held.toFixed(decimals(step)));
}

/** Digits behind the point of a step. */
export const decimals = (step: number): number => {
  const [, digits = '', exponent = '0'] = /^\d*\.?(\d*)(?:e-(\d+))?$/.exec(String(step)) ?? [];
  return Math.min(12, digits.length + Number(exponent));
};

/** A value as it is written in a field. */
export function shownValue(port: PortSpec, value: Literal | undefined): string {
  if (value === undefined) return '';
  const { widget } = port;
  if (widget?.kind === 'color') return `#${Number(value).toString(16).padStart(6, '0')}`;
  if (widget?.kind !== 'float' || typeof value !== 'number') return String(value).replaceAll('\n', ' ');
  const short = value.toFixed(Math.max(1, decimals(widget.step))).replace(/(\.\d+?)0+$/, '$1');
  return Number(short) === value ? short : String(value);
}

/** The unit behind a value, where it says more than the label. */
export const shownUnit = ({ unit, label, name }: PortSpec): string =>
  unit === undefined || unit === (label ?? name) || unit.length > 3 ? '' : unit;

/** Where a value lies between its limits, 0…1; for sliders only. */
export function shareOf({ widget }: PortSpec, value: Literal | undefined): number | undefined {
  if ((widget?.kind !== 'int' && widget?.kind !== 'float') || widget.slider !== true || value === undefined) return undefined;
  if (stepCount(widget) > 1000) return undefined;
  return Math.min(1, Math.max(0, (Number(value) - widget.min) / (widget.max - widget.min)));
}

/** Steps from one limit to the other. */
export const stepCount = ({ min, max, step }: { readonly min: number; readonly max: number; readonly step: number }): number =>
  (max - min) / step;

/** How the seed of a node changes before each run. */
export const seedControlOf = (node: HostNode): SeedControl =>
  seedControls.find((control) => control === node.properties[controlProperty]) ?? 'fixed';

/** Is this a value that the port takes? */
export function isValid(port: PortSpec, value: Literal): boolean {
  try {
    parseValue(port, value);
    return true;
  } catch {
    return false;
  }
}
