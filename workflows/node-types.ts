import type { Catalogue, NodeSpec, PortSpec } from '../nodes/kit/index.ts';
import { isTreacherous, type Json } from './clean.ts';
import { limits } from './limits.ts';
import { typePrefix } from './types.ts';

/** Types that only help to draw: they are resolved away before a run. */
export const virtualTypes = ['Reroute', 'PrimitiveNode', 'Note', 'MarkdownNote'] as const;
export type VirtualType = (typeof virtualTypes)[number];

/** The name of a type without the host's prefix. */
export const bareType = (type: string): string =>
  type.startsWith(typePrefix) && type.length > typePrefix.length ? type.slice(typePrefix.length) : type;

/** A type as it came from a document: without mark-up, bounded, safe as a key; a note in Markdown is a note. */
export function readType(raw: Json | undefined, catalogue: Catalogue): string {
  if (typeof raw !== 'string' || raw.trim() === '') return 'unknown';
  const type = raw.replace(/[<>"'`\p{Cc}]/gu, '_').slice(0, limits.name);
  if (isTreacherous(bareType(type))) return `_${bareType(type)}`;
  const isNote = bareType(type) === 'MarkdownNote' && !catalogue.has('MarkdownNote') && catalogue.has('Note');
  return isNote ? 'Note' : type;
}

/** The name of a type as it stands in files: known types with the prefix, others as they came. */
export const fileType = (type: string, catalogue: Catalogue): string =>
  specOfType(type, catalogue) === undefined ? type : typePrefix + bareType(type);

/** What the catalogue knows of a type, given with or without the prefix. */
export const specOfType = (type: string, catalogue: Catalogue): NodeSpec | undefined => catalogue.get(bareType(type));

/** Which drawing aid this is, if it is one. */
export const virtualTypeOf = (type: string): VirtualType | undefined => virtualTypes.find((name) => name === bareType(type));

/** Ports that are edited in the node. */
export const widgetPorts = (spec: NodeSpec): readonly PortSpec[] => spec.inputs.filter((port) => port.widget !== undefined);

/** Ports that are fed by a wire only. */
export const socketPorts = (spec: NodeSpec): readonly PortSpec[] => spec.inputs.filter((port) => port.widget === undefined);

/** Is this port a seed, so that it has a control beside it? */
export const isSeedPort = (port: PortSpec): boolean => port.widget?.kind === 'seed';

/** Does this node run the network step by step? It takes a latent and the means to denoise it. */
export const isSampling = ({ inputs }: NodeSpec): boolean =>
  inputs.some(({ type }) => type === 'LATENT') &&
  (inputs.some(({ type }) => type === 'GUIDER') ||
    (inputs.some(({ type }) => type === 'MODEL') && inputs.some(({ name }) => name === 'steps')));

/** Does this node show a picture or a plot inside itself: a result, a preview, or what it loads? */
export const showsPicture = (spec: NodeSpec): boolean =>
  spec.effect !== undefined ||
  isSampling(spec) ||
  spec.inputs.some(({ widget }) => widget?.kind === 'choice' && widget.source === 'input-images');
