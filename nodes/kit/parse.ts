import { GraphError } from './errors.ts';
import type { Literal, Port, Widget } from './ports.ts';

const maxSeed = 2n ** 64n - 1n;

/** How a received value is quoted in a sentence. */
export function quote(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value === undefined) return 'nothing';
  const shown = typeof value === 'string' ? `“${value}”` : JSON.stringify(value);
  return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
}

/** Reads `12`, `12n`, `"12"` and `12.0` as an exact integer; anything else is undefined. */
export function toBigInt(raw: unknown): bigint | undefined {
  if (typeof raw === 'bigint') return raw;
  if (typeof raw === 'number') return Number.isInteger(raw) ? BigInt(raw) : undefined;
  if (typeof raw === 'string' && /^\s*[+-]?\d{1,20}\s*$/.test(raw)) return BigInt(raw.trim().replace(/^\+/, ''));
  return undefined;
}

function toNumber(raw: unknown): number | undefined {
  if (typeof raw === 'bigint') return Number(raw);
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function inRange<T extends number | bigint>(value: T, min: T, max: T): T {
  if (value < min || value > max) {
    throw new GraphError('out-of-range', `Expected a value from ${min} to ${max}, got ${value}.`);
  }
  return value;
}

function parseChoice(widget: Extract<Widget, { kind: 'choice' }>, raw: unknown): string {
  const value = typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw;
  if (typeof value !== 'string') throw new GraphError('bad-value', `Expected one of a list, got ${quote(raw)}.`);
  if (widget.options.includes(value)) return value;
  if (widget.options.length === 0 && widget.source === undefined) return value;
  const shown = widget.options.slice(0, 12).map(quote).join(', ');
  const list = widget.options.length === 0 ? 'the list is empty' : `choose ${shown}${widget.options.length > 12 ? ', …' : ''}`;
  throw new GraphError('not-in-list', `${quote(raw)} is not in the list: ${list}.`);
}

function parseWidget(widget: Widget, raw: unknown): Literal {
  switch (widget.kind) {
    case 'seed': {
      const value = toBigInt(raw);
      if (value === undefined) throw new GraphError('bad-value', `Expected a whole number, got ${quote(raw)}.`);
      return inRange(value, 0n, maxSeed);
    }
    case 'int':
    case 'color': {
      const value = toBigInt(raw);
      if (value === undefined) throw new GraphError('bad-value', `Expected a whole number, got ${quote(raw)}.`);
      const [min, max] = widget.kind === 'int' ? [widget.min, widget.max] : [0, 0xffffff];
      return Number(inRange(value, BigInt(min), BigInt(max)));
    }
    case 'float': {
      const value = toNumber(raw);
      if (value === undefined) throw new GraphError('bad-value', `Expected a number, got ${quote(raw)}.`);
      return inRange(value, widget.min, widget.max);
    }
    case 'toggle': {
      if (raw === true || raw === 'true' || raw === 1) return true;
      if (raw === false || raw === 'false' || raw === 0) return false;
      throw new GraphError('bad-value', `Expected true or false, got ${quote(raw)}.`);
    }
    case 'text':
      if (typeof raw === 'string') return raw;
      if (typeof raw === 'number' || typeof raw === 'bigint' || typeof raw === 'boolean') return String(raw);
      throw new GraphError('bad-value', `Expected text, got ${quote(raw)}.`);
    case 'choice':
      return parseChoice(widget, raw);
  }
}

/**
 * A value that came from a document or over a wire, as the node gets it. Ports without a widget pass anything on: the
 * planner has checked their types. Throws `bad-value`, `out-of-range` or `not-in-list` with a full sentence.
 */
export function parseValue(port: Port, raw: unknown): unknown {
  return port.widget === undefined ? raw : parseWidget(port.widget, raw);
}

/** May an output of type `from` feed an input of type `to`? `*` is anything, `A,B` either; INT also feeds FLOAT, STRING and COMBO feed each other. */
export function typesFit(from: string, to: string): boolean {
  const sources = from.split(',');
  const targets = to.split(',');
  return sources.some((source) =>
    targets.some(
      (target) =>
        source === '*' ||
        target === '*' ||
        source === target ||
        (source === 'INT' && target === 'FLOAT') ||
        (source === 'STRING' && target === 'COMBO') ||
        (source === 'COMBO' && target === 'STRING'),
    ),
  );
}
