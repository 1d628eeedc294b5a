import type { Category } from '../../nodes/kit/index.ts';
import { darkenTo, mix } from './colour.ts';

export type ThemeName = 'dark' | 'light';

/** Forms of the dots of ports, so that colour is never the only sign of a type. */
export type Mark = 'circle' | 'diamond' | 'square' | 'triangle' | 'hexagon';

/** The colours of everything on the canvas. */
export interface Theme {
  readonly name: ThemeName;
  readonly background: string;
  readonly grid: string;
  readonly node: string;
  readonly field: string;
  readonly border: string;
  readonly text: string;
  readonly secondary: string;
  readonly accent: string;
  readonly danger: string;
  readonly shadow: string;
  readonly header: Readonly<Record<Category | 'unknown', string>>;
  /** The colour of a wire or dot by its type. */
  wire(type: string): string;
}

const wires: Readonly<Record<string, string>> = {
  MODEL: '#b39ddb',
  CLIP: '#f2c14e',
  VAE: '#e76f6f',
  CONDITIONING: '#f4a261',
  CONTROL_NET: '#7ec8a0',
  LATENT: '#e58fd0',
  IMAGE: '#64b5f6',
  MASK: '#81c784',
  SIGMAS: '#4dd0c4',
  GUIDER: '#a1c65a',
  SAMPLER: '#b0bec5',
  NOISE: '#9fa8da',
  NOISE_SCHEDULE: '#80cbc4',
};

const plain = '#8d99ae';

const marks: Readonly<Record<string, readonly [Mark, string]>> = {
  MODEL: ['square', 'M'],
  CLIP: ['diamond', 'C'],
  VAE: ['hexagon', 'V'],
  CONDITIONING: ['circle', 'P'],
  CONTROL_NET: ['hexagon', 'K'],
  LATENT: ['square', 'L'],
  IMAGE: ['circle', 'I'],
  MASK: ['triangle', 'A'],
  SIGMAS: ['triangle', 'σ'],
  GUIDER: ['hexagon', 'G'],
  SAMPLER: ['diamond', 'S'],
  NOISE: ['circle', 'N'],
  NOISE_SCHEDULE: ['diamond', 'β'],
  INT: ['circle', '1'],
  FLOAT: ['circle', 'f'],
  STRING: ['circle', 't'],
  COMBO: ['circle', '≡'],
  BOOLEAN: ['circle', 'b'],
};

/** The types of ports that have a colour or a sign of their own. */
export const portTypes: readonly string[] = Object.keys(marks);

/** Form and letter of a type's dot; unknown types are circles with their first letter. */
export const markOf = (type: string): readonly [Mark, string] => marks[type] ?? ['circle', type === '*' ? '·' : type.slice(0, 1)];

const darkHeaders: Theme['header'] = {
  model: '#39375f',
  text: '#574527',
  schedule: '#1f4a48',
  sample: '#26426b',
  latent: '#52304f',
  vae: '#592e31',
  image: '#24475f',
  mask: '#2a4a2f',
  graph: '#363c47',
  unknown: '#363c47',
};

const lightHeaders: Theme['header'] = {
  model: '#e2ddf3',
  text: '#f6e7c8',
  schedule: '#d2ecea',
  sample: '#d6e4fa',
  latent: '#f3dcee',
  vae: '#f7dcdc',
  image: '#d6eaf9',
  mask: '#d9efd8',
  graph: '#e6e9ef',
  unknown: '#e6e9ef',
};

const dark: Theme = {
  name: 'dark',
  background: '#15171c',
  grid: '#23262d',
  node: '#1f232b',
  field: '#15171c',
  border: '#2f3540',
  text: '#e6e8ec',
  secondary: '#9aa3b2',
  accent: '#6ea8fe',
  danger: '#f07178',
  shadow: 'rgba(0, 0, 0, 0.35)',
  header: darkHeaders,
  wire: (type) => wires[type] ?? plain,
};

/** Wires stand at least 3:1 on what they are drawn on: the background, and nodes for their dots. */
const lightWires = new Map(
  [...Object.entries(wires), ['*', plain] as const].map(([type, colour]) => [type, darkenTo(colour, '#f5f6f8', 3.05)]),
);

const light: Theme = {
  name: 'light',
  background: '#f5f6f8',
  grid: '#dfe3ea',
  node: '#ffffff',
  field: '#f1f3f6',
  border: '#d5dae3',
  text: '#1b1f27',
  secondary: '#5a6474',
  accent: '#1f6feb',
  danger: '#c8323c',
  shadow: 'rgba(27, 31, 39, 0.12)',
  header: lightHeaders,
  wire: (type) => lightWires.get(type) ?? lightWires.get('*') ?? plain,
};

/** The colours of the dark or the light theme. */
export const themeOf = (name: ThemeName): Theme => (name === 'dark' ? dark : light);

/** The header of a node with a colour of its own, kept readable by mixing it with the theme's. */
export const ownHeader = (colour: string, theme: Theme): string =>
  /^#[0-9a-f]{6}$/i.test(colour) ? mix(colour, theme.node, 0.45) : theme.header.graph;
