import type { Catalogue } from '../../nodes/kit/index.ts';
import { themeOf } from '../canvas/theme.ts';
import { slotType } from './node-class.ts';

/** The colour of each type of slot in a catalogue. */
export function typeColours(catalogue: Catalogue): ReadonlyMap<string, string> {
  const { wire } = themeOf('dark');
  const colours = new Map<string, string>();
  for (const { inputs, outputs } of catalogue.values()) {
    for (const port of [...inputs, ...outputs]) {
      if (port.type === '*') continue;
      colours.set(port.type, wire(port.type));
      colours.set(slotType(port), wire(port.type));
    }
  }
  return colours;
}

/** Adds colours to a list of the host, which keeps those it has already; gives back how to take them away again. */
export function addColours(list: Record<string, string>, colours: ReadonlyMap<string, string>): () => void {
  const added = [...colours].filter(([type]) => !Object.hasOwn(list, type));
  for (const [type, colour] of added) list[type] = colour;
  return () => {
    for (const [type, colour] of added) if (list[type] === colour) delete list[type];
  };
}
