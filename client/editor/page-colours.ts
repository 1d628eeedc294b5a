import { categories } from '../../nodes/kit/index.ts';
import { darkenTo, mix, withAlpha } from '../canvas/colour.ts';
import type { Theme } from '../canvas/theme.ts';
import { portTypes } from '../canvas/theme.ts';

/** The colours of the page around the canvas, by the names of its style sheets' variables; made of the canvas's theme, so that the two agree. */
export function pageColours(theme: Theme): Readonly<Record<string, string>> {
  const dark = theme.name === 'dark';
  const panel = dark ? mix(theme.background, theme.node, 0.5) : theme.node;
  return {
    background: theme.background,
    'panel-background': panel,
    raised: dark ? mix(theme.node, '#ffffff', 0.03) : theme.node,
    node: theme.node,
    field: theme.field,
    border: theme.border,
    text: theme.text,
    secondary: theme.secondary,
    accent: theme.accent,
    'accent-strong': dark ? mix(theme.accent, '#ffffff', 0.15) : mix(theme.accent, '#000000', 0.15),
    'accent-text': dark ? theme.accent : '#1a5fd0',
    'on-accent': dark ? '#15171c' : '#ffffff',
    'on-accent-line': dark ? 'rgba(21, 23, 28, 0.35)' : 'rgba(255, 255, 255, 0.4)',
    danger: theme.danger,
    'danger-text': dark ? theme.danger : darkenTo(theme.danger, theme.background, 4.5),
    good: dark ? '#6cc070' : '#2e8b3d',
    waiting: dark ? '#e0b050' : '#a3700b',
    hover: dark ? mix(theme.node, '#ffffff', 0.05) : mix(theme.background, '#000000', 0.03),
    pressed: mix(panel, theme.accent, dark ? 0.22 : 0.14),
    shadow: theme.shadow,
    curtain: withAlpha('#0b0c10', dark ? 0.6 : 0.35),
  };
}

/** A style sheet with these colours, and those of the types of ports and of the shelves of nodes. */
export function colourRules(theme: Theme): string {
  const variables = Object.entries(pageColours(theme)).map(([name, value]) => `--${name}:${value};`);
  const ports = portTypes.map((type) => `.port.${type}{background:${theme.wire(type)}}`);
  const shelves = categories.map((category) => `.swatch.${category}{background:${theme.header[category]}}`);
  return `:root{${variables.join('')}}${ports.join('')}${shelves.join('')}`;
}
