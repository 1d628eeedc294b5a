import type { Literal, PortSpec } from '../../nodes/kit/index.ts';
import type { PropertyValue } from '../../workflows/index.ts';
import { isLiteral, toProperty } from '../../workflows/values.ts';
import { decimals, readTyped, shownValue } from '../canvas/values.ts';
import { safeTexts } from './safe-text.ts';

const optionsOf = ({ widget }: PortSpec): readonly string[] => (widget?.kind === 'choice' ? widget.options : []);

/** The choices of a port as the host's menus show them. */
export const shownOptions = (port: PortSpec): readonly string[] => safeTexts(optionsOf(port));

/**
 * What was entered, chosen or read from a file, as the node keeps it: numbers within their limits, whole ones whole, seeds exact.
 * Undefined if it is no value of the port.
 */
export function takeValue(port: PortSpec, entered: unknown): PropertyValue | undefined {
  if (!isLiteral(entered)) return undefined;
  switch (port.widget?.kind) {
    case undefined:
      return undefined;
    case 'toggle':
      return entered === true || entered === 'true' || entered === 1;
    case 'choice':
      return chosen(port, String(entered));
    case 'color':
      return kept(readTyped(port, typeof entered === 'number' ? shownValue(port, entered) : String(entered)));
    case 'float':
      // Steps of a tenth add up to 0.30000000000000004.
      return kept(readTyped(port, typeof entered === 'number' ? String(Number(entered.toPrecision(12))) : String(entered)));
    default:
      return kept(readTyped(port, String(entered)));
  }
}

const kept = (value: Literal | undefined): PropertyValue | undefined => (value === undefined ? undefined : toProperty(value));

/** A choice by its shown text or by itself; one that is not in the list stays, for the list may grow. */
function chosen(port: PortSpec, text: string): string {
  const options = optionsOf(port);
  return options.includes(text) ? text : (options[shownOptions(port).indexOf(text)] ?? text);
}

/** A kept value as a stock widget holds it: numbers for number widgets, digits for seeds, safe text for choices. */
export function widgetValue(port: PortSpec, value: unknown): string | number | boolean {
  switch (port.widget?.kind) {
    case 'int':
    case 'float':
      return Number(value ?? 0);
    case 'toggle':
      return value === true;
    case 'choice': {
      const text = String(value ?? '');
      const options = optionsOf(port);
      return options.includes(text) ? (shownOptions(port)[options.indexOf(text)] ?? text) : (safeTexts([text])[0] ?? '');
    }
    case 'color':
      return shownValue(port, Number(value ?? 0));
    default:
      return String(value ?? '');
  }
}

/** Digits behind the point that a number widget shows: those of its step, more if the value has more. */
export function precisionOf(port: PortSpec, value: unknown): number {
  if (port.widget?.kind !== 'float') return 0;
  return Math.min(8, Math.max(decimals(port.widget.step), decimals(Math.abs(Number(value ?? 0)))));
}
