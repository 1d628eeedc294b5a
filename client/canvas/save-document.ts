import type { Catalogue } from '../../nodes/kit/index.ts';
import { cleanJson } from '../../workflows/clean.ts';
import {
  bareType,
  documentFormat,
  type GraphDocument,
  type GraphGroup,
  type GraphInput,
  type GraphLink,
  type GraphNode,
  type GraphOutput,
  type PropertyValue,
  typePrefix,
} from '../../workflows/index.ts';
import { toForeignProperty } from '../../workflows/values.ts';
import { type HostGraph, type HostGroup, type HostLink, type HostNode, linkOf, linksOf } from '../plugin/host.ts';
import type { NodeTypes } from '../plugin/node-types.ts';
import { executionOrder } from './order.ts';

/** What a graph is saved with. */
interface Archive {
  readonly graph: HostGraph;
  readonly types: NodeTypes;
}

type Extra = Readonly<Record<string, PropertyValue>>;

/** The graph as a document, in the canonical form of saved files; `extra` is what the document says of itself. */
export function saveDocument(archive: Archive, extra: Extra): GraphDocument {
  const { graph, types } = archive;
  const order = new Map(executionOrder(graph).map((node, index) => [node, index]));
  const nodes = graph._nodes.map((node) => saveNode(node, archive, order.get(node) ?? 0));
  const links = linksOf(graph)
    .map((link) => saveLink(link, archive))
    .sort((a, b) => a[0] - b[0]);
  return {
    last_node_id: nodes.reduce((max, { id }) => (typeof id === 'number' ? Math.max(max, id) : max), 0),
    last_link_id: links.at(-1)?.[0] ?? 0,
    nodes,
    links,
    groups: graph._groups.map(saveGroup),
    config: {},
    extra: { ...extra, format: documentFormat, ...versionsOf(nodes, types.catalogue, extra.versions) },
    version: 0.4,
  };
}

/** One node as files have it. */
export function saveNode(node: HostNode, { types, graph }: Archive, order: number): GraphNode {
  const spec = types.specOf(node);
  const title = node.title === (spec?.title ?? bareType(node.type)) ? {} : { title: node.title };
  return {
    id: node.id,
    type: spec === undefined ? node.type : typePrefix + spec.type,
    ...title,
    pos: [tidy(node.pos[0]), tidy(node.pos[1])],
    size: [tidy(node.size[0]), tidy(node.size[1])],
    flags: { ...(node.flags.collapsed === true ? { collapsed: true } : {}), ...(node.flags.pinned === true ? { pinned: true } : {}) },
    order,
    mode: node.mode === 2 || node.mode === 4 ? node.mode : 0,
    ...(node.color === undefined ? {} : { color: node.color }),
    ...(node.bgcolor === undefined ? {} : { bgcolor: node.bgcolor }),
    inputs: node.inputs.map(({ name, type, link }): GraphInput => {
      const port = spec?.inputs.find((input) => input.name === name);
      return { name, type: port?.type ?? String(type), link: linkOf(graph, link) === undefined ? null : link };
    }),
    outputs: node.outputs.map(
      ({ name, type, links }): GraphOutput => ({ name, type: String(type), links: [...(links ?? [])].sort((a, b) => a - b) }),
    ),
    properties: savedProperties(node.properties),
    ...savedWidgets(node),
  };
}

/** The type of a wire is that of its output; of its input where the output takes on any. */
function saveLink({ id, origin_id, origin_slot, target_id, target_slot, type }: HostLink, { graph, types }: Archive): GraphLink {
  const output = graph.getNodeById(origin_id)?.outputs[origin_slot]?.type;
  const target = graph.getNodeById(target_id);
  const name = target?.inputs[target_slot]?.name;
  const wanted = target ? types.specOf(target)?.inputs.find((port) => port.name === name)?.type : undefined;
  const own = typeof output === 'string' && output !== '*' ? output : (wanted ?? String(type));
  return [id, origin_id, origin_slot, target_id, target_slot, own];
}

/** Hundredths are enough on a drawing table. */
const tidy = (value: number): number => Math.round(value * 100) / 100 || 0;

function savedProperties(properties: Readonly<Record<string, unknown>>): Record<string, PropertyValue> {
  const saved: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(properties)) if (value !== undefined) saved[name] = toForeignProperty(cleanJson(value));
  return saved;
}

/** Values by position are kept for nodes that are not known here. */
function savedWidgets({ widgets_values: values }: HostNode): Pick<GraphNode, 'widgets_values'> {
  if (typeof values !== 'object' || values === null) return {};
  if (Array.isArray(values)) return { widgets_values: values.map((value) => toForeignProperty(cleanJson(value))) };
  return { widgets_values: savedProperties({ ...values }) };
}

function saveGroup({ title, _bounding, color, font_size }: HostGroup): GraphGroup {
  const [x = 0, y = 0, width = 0, height = 0] = _bounding;
  return {
    title,
    bounding: [tidy(x), tidy(y), tidy(width), tidy(height)],
    ...(color === undefined ? {} : { color }),
    ...(font_size === undefined ? {} : { font_size }),
  };
}

/** The version of each type that is used. */
function versionsOf(
  nodes: readonly GraphNode[],
  catalogue: Catalogue,
  recorded: PropertyValue | undefined,
): Pick<Record<string, PropertyValue>, 'versions'> | object {
  const before =
    typeof recorded === 'object' && recorded !== null && !Array.isArray(recorded)
      ? new Map(Object.entries(recorded))
      : new Map<string, PropertyValue>();
  const types = [...new Set(nodes.map(({ type }) => bareType(type)))].sort();
  const versions = types.flatMap((type) => {
    const version = catalogue.get(type)?.version ?? before.get(type);
    return typeof version === 'number' ? [[type, version] as const] : [];
  });
  return versions.length === 0 ? {} : { versions: Object.fromEntries(versions) };
}
