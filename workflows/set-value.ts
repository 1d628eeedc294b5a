import { type Catalogue, GraphError, type Literal, type PortSpec, parseValue } from '../nodes/kit/index.ts';
import { type At, checkValue } from './check-node.ts';
import { describeNode } from './describe.ts';
import { didYouMean } from './nearest.ts';
import { bareType, specOfType, widgetPorts } from './node-types.ts';
import { toWorkflow } from './to-workflow.ts';
import type { GraphDocument, GraphNode, NodeId, Workflow } from './types.ts';
import { isLiteral, toProperty } from './values.ts';

/** A workflow to run, with its drawing if it has one. */
export interface WorkflowSource {
  readonly workflow: Workflow;
  readonly graph?: GraphDocument;
}

interface Assignment {
  readonly node: string;
  readonly field: string;
  readonly text: string;
}

/**
 * Sets one value by text, `node.field=value`, where node is an id, else a title, else a type that only one node has. A wire into
 * the field is taken away. Throws `bad-value`, `unknown-node`, `unknown-port`, or what the port says of the value.
 */
export function setValue(source: WorkflowSource, assignment: string, catalogue: Catalogue): WorkflowSource {
  const { node, field, text } = parseAssignment(assignment);
  return setAt(source, findAt(source, [node, field], catalogue), { text, catalogue });
}

/** A field of a node, found by `node.field`: the field is what stands behind the last dot. Throws `bad-value`, `unknown-node` or `unknown-port`. */
export function findField(source: WorkflowSource, name: string, catalogue: Catalogue): At {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || dot === name.length - 1)
    throw new GraphError('bad-value', `Expected node.field, such as 3.seed or Prompt.text, got “${name.slice(0, 80)}”.`);
  return findAt(source, [name.slice(0, dot).trim(), name.slice(dot + 1).trim()], catalogue);
}

/** As {@link setValue}, with the field `node.field` and the text given apart. */
export const setField = (source: WorkflowSource, { field, text }: { field: string; text: string }, catalogue: Catalogue): WorkflowSource =>
  setAt(source, findField(source, field, catalogue), { text, catalogue });

function findAt(source: WorkflowSource, [wanted, field]: readonly [string, string], catalogue: Catalogue): At {
  const nodes = source.graph
    ? source.graph.nodes.map(({ id, type, title }) => ({ id: String(id), type, title }))
    : [...source.workflow.nodes.values()];
  const node = findNode(wanted, nodes, catalogue);
  return { node, ...findPort(node, field, catalogue) };
}

function setAt(source: WorkflowSource, at: At, { text, catalogue }: { text: string; catalogue: Catalogue }): WorkflowSource {
  const { node, port } = at;
  const value = parsePort(at, text);
  if (source.graph) {
    const graph = setInGraph(source.graph, { node: node.id, port }, value);
    return { workflow: toWorkflow(graph, catalogue), graph };
  }
  const old = source.workflow.nodes.get(node.id);
  if (old === undefined) return source;
  const changed = { ...old, inputs: { ...old.inputs, [port.name]: { value } } };
  return { workflow: { nodes: new Map(source.workflow.nodes).set(node.id, changed) } };
}

/** `node.field=value`: the field is what stands behind the last dot before the first `=` that follows one. */
function parseAssignment(assignment: string): Assignment {
  const match = /^(.+?)\.([^.=]+)=([\s\S]*)$/.exec(assignment);
  const [, node, field, text] = match ?? [];
  if (node === undefined || field === undefined || text === undefined) {
    throw new GraphError(
      'bad-value',
      `Expected node.field=value, such as 3.seed=42 or Prompt.text=red apple, got “${assignment.slice(0, 80)}”.`,
    );
  }
  return { node: node.trim(), field: field.trim(), text };
}

/** What a node can be named by. */
export interface Named {
  readonly id: NodeId;
  readonly type: string;
  readonly title?: string | undefined;
}

/** The node that is meant by an id, else a title, else a type that only one node has. Throws `unknown-node`. */
export function findNode(wanted: string, nodes: readonly Named[], catalogue: Catalogue): Named {
  const lower = wanted.toLowerCase();
  const same = (name: string | undefined): boolean => name?.toLowerCase() === lower;
  const ways: readonly ((node: Named) => boolean)[] = [
    (node) => node.id === wanted,
    (node) => node.title === wanted,
    (node) => same(node.title),
    (node) => same(bareType(node.type)) || (node.title === undefined && same(specOfType(node.type, catalogue)?.title)),
  ];
  const found = ways.map((way) => nodes.filter(way)).find((matches) => matches.length > 0) ?? [];
  const [first, second] = found;
  if (first === undefined) {
    const names = nodes.flatMap((node) => [node.title ?? bareType(node.type), node.id]);
    throw new GraphError(
      'unknown-node',
      `There is no node “${wanted.slice(0, 80)}”.${didYouMean(wanted, new Set(names))} Name it by its id or its title: ${listed(nodes, catalogue)}.`,
    );
  }
  if (second !== undefined) {
    const ids = found
      .slice(0, 8)
      .map((node) => node.id)
      .join(', ');
    throw new GraphError('unknown-node', `${found.length} nodes are called “${wanted.slice(0, 80)}”: say which one by its id (${ids}).`);
  }
  return first;
}

/** The first nodes of a graph, as they can be named. */
function listed(nodes: readonly Named[], catalogue: Catalogue): string {
  const shown = nodes.slice(0, 12).map(({ id, type, title }) => `${id} “${title ?? specOfType(type, catalogue)?.title ?? bareType(type)}”`);
  return nodes.length === 0 ? 'it has none' : `${shown.join(', ')}${nodes.length > shown.length ? ', …' : ''}`;
}

function findPort(node: Named, field: string, catalogue: Catalogue): Pick<At, 'spec' | 'port'> {
  const spec = specOfType(node.type, catalogue);
  const place = { node: node.id, port: field };
  if (spec === undefined)
    throw new GraphError(
      'unknown-node-type',
      `${describeNode(node, spec)} is of a type that is not known here; its values cannot be set.`,
      {
        place,
      },
    );
  const port = spec.inputs.find(({ name }) => name === field) ?? spec.inputs.find(({ label }) => label === field);
  const names = widgetPorts(spec).map(({ name }) => name);
  const list = names.length === 0 ? 'It has no values to set.' : `It has ${names.map((name) => `“${name}”`).join(', ')}.`;
  if (port === undefined)
    throw new GraphError('unknown-port', `${describeNode(node, spec)} has no field “${field}”. ${list}${didYouMean(field, names)}`, {
      place,
    });
  if (port.widget === undefined)
    throw new GraphError('wrong-type', `${describeNode(node, spec)}, “${field}” takes a wire of type ${port.type}, not a value. ${list}`, {
      place,
    });
  return { spec, port };
}

function parsePort(at: At, text: string): Literal {
  const problem = checkValue(at, text);
  if (problem !== undefined) throw new GraphError(problem.code, problem.message, { place: problem });
  const value = parseValue(at.port, text);
  if (isLiteral(value)) return value;
  throw new GraphError('internal', `Expected a plain value of ${at.port.type}.`);
}

function setInGraph(graph: GraphDocument, at: { node: NodeId; port: PortSpec }, value: Literal): GraphDocument {
  const target = graph.nodes.find(({ id }) => String(id) === at.node);
  const wire = target?.inputs.find(({ name }) => name === at.port.name)?.link ?? null;
  const slot = target?.inputs.findIndex(({ name }) => name === at.port.name) ?? -1;
  const change = (node: GraphNode): GraphNode => {
    const outputs =
      wire === null ? node.outputs : node.outputs.map((output) => ({ ...output, links: output.links.filter((id) => id !== wire) }));
    if (node !== target) return wire === null ? node : { ...node, outputs };
    const inputs = wire === null ? node.inputs : node.inputs.filter((_, index) => index !== slot);
    return { ...node, outputs, inputs, properties: { ...node.properties, [at.port.name]: toProperty(value) } };
  };
  const links = wire === null ? graph.links : graph.links.filter(([id]) => id !== wire).map((link) => shiftSlot(link, target, slot));
  return { ...graph, nodes: graph.nodes.map(change), links };
}

/** Slots behind a removed one move up. */
function shiftSlot(link: GraphDocument['links'][number], target: GraphNode | undefined, removed: number): GraphDocument['links'][number] {
  const [id, from, output, to, slot, type] = link;
  return to === target?.id && slot > removed ? [id, from, output, to, slot - 1, type] : link;
}
