import { describe, expect, it } from 'vitest';
import { contrast } from '../../../client/canvas/colour.ts';
import { portTypes, themeOf } from '../../../client/canvas/theme.ts';
import { pageColours } from '../../../client/editor/page-colours.ts';
import { categories } from '../../../nodes/kit/index.ts';

/** Text on what it stands on, by the names of the page's colours. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ['text', ['background', 'panel-background', 'raised', 'node', 'field', 'hover', 'pressed']],
  ['secondary', ['background', 'panel-background', 'raised', 'node', 'field', 'hover']],
  ['accent-text', ['panel-background', 'raised', 'field']],
  ['danger-text', ['panel-background', 'raised', 'background']],
  ['on-accent', ['accent', 'accent-strong']],
];

describe.each(['dark', 'light'] as const)('the %s theme', (name) => {
  const theme = themeOf(name);
  const colours = pageColours(theme);
  const colour = (which: string): string => colours[which] ?? expect.fail(`There is no colour ${which}.`);

  it.each(texts.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))(
    'has %s readable on %s (AA)',
    (text, ground) => {
      expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );

  it('has titles readable on the headers of all shelves', () => {
    for (const shelf of [...categories, 'unknown'] as const)
      expect(contrast(theme.text, theme.header[shelf]), shelf).toBeGreaterThanOrEqual(4.5);
  });

  it('has wires that stand out from the background, and dots from nodes', () => {
    for (const type of [...portTypes, 'ANYTHING_ELSE'])
      expect(contrast(theme.wire(type), theme.background), type).toBeGreaterThanOrEqual(3);
    for (const type of portTypes) expect(contrast(theme.wire(type), theme.node), type).toBeGreaterThanOrEqual(3);
  });

  it('has the signs of state visible', () => {
    for (const sign of ['good', 'waiting', 'danger', 'accent'])
      expect(contrast(colour(sign), colour('panel-background')), sign).toBeGreaterThanOrEqual(3);
  });
});
