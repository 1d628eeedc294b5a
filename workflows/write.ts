import { stringifyJson } from './json.ts';
import type { GraphDocument, GraphNode } from './types.ts';

/** Canonical text of a saved file: keys in a fixed order, two spaces of indent, one line for each wire and pair of numbers. */
export function writeGraph(graph: GraphDocument): string {
  const { last_node_id, last_link_id, nodes, links, groups, config, extra, version } = graph;
  return `${print({ last_node_id, last_link_id, nodes: nodes.map(orderedNode), links, groups, config, extra, version }, '')}\n`;
}

function orderedNode(node: GraphNode): object {
  const { id, type, title, pos, size, flags, order, mode, color, bgcolor, inputs, outputs, properties, widgets_values } = node;
  return { id, type, title, pos, size, flags, order, mode, color, bgcolor, inputs, outputs, properties, widgets_values };
}

const isFlat = (value: unknown): boolean => typeof value !== 'object' || value === null || (Array.isArray(value) && value.length === 0);

function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return stringifyJson(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every(isFlat)) return `[${value.map((item) => print(item, inner)).join(', ')}]`;
    return `[\n${value.map((item) => inner + print(item, inner)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const parts = entries.map(([name, item]) => `${stringifyJson(name)}: ${print(item, inner)}`);
  if (isSlot(value)) return `{ ${parts.join(', ')} }`;
  return `{\n${parts.map((part) => inner + part).join(',\n')}\n${indent}}`;
}

/** Slots are short and many: one line each. */
const isSlot = (value: object): boolean => 'name' in value && 'type' in value && ('link' in value || 'links' in value);
