import type { Catalogue, Literal } from '../nodes/kit/index.ts';
import { dissolve } from './dissolve.ts';
import { bareType, specOfType, virtualTypeOf, widgetPorts } from './node-types.ts';
import type { GraphDocument, GraphNode, Input, Mode, NodeId, PropertyValue, Workflow, WorkflowNode } from './types.ts';
import { fromProperty, isLiteral } from './values.ts';

/** Takes the drawing away: wires and values by port name, notes left out, Reroute and PrimitiveNode dissolved, digits as exact integers. */
export function toWorkflow(graph: GraphDocument, catalogue: Catalogue): Workflow {
  const links = new Map(graph.links.map((link) => [link[0], { node: String(link[1]), output: link[2] }]));
  const nodes = new Map<NodeId, WorkflowNode>();
  for (const node of graph.nodes) {
    const inputs: Record<string, Input> = valuesOf(node, catalogue);
    for (const { name, link } of node.inputs) {
      const source = link === null ? undefined : links.get(link);
      if (source !== undefined) inputs[name] = { link: source };
    }
    const title = node.title === undefined ? {} : { title: node.title };
    nodes.set(String(node.id), { id: String(node.id), type: bareType(node.type), ...title, mode: modeOf(node), inputs });
  }
  return dissolve({ nodes }, catalogue);
}

/** The value that a PrimitiveNode feeds into what it is wired to. */
export function primitiveValue(node: GraphNode, catalogue: Catalogue): Literal | undefined {
  const port = specOfType(node.type, catalogue)?.inputs.find((input) => input.widget !== undefined);
  const listed = Array.isArray(node.widgets_values) ? node.widgets_values[0] : undefined;
  const candidates = [port === undefined ? undefined : node.properties[port.name], node.properties.value, listed];
  return candidates.find(isLiteral);
}

const modeOf = (node: GraphNode): Mode => (node.mode === 2 ? 'mute' : node.mode === 4 ? 'bypass' : 'always');

function valuesOf(node: GraphNode, catalogue: Catalogue): Record<string, Input> {
  if (virtualTypeOf(node.type) === 'PrimitiveNode') {
    const value = primitiveValue(node, catalogue);
    return value === undefined ? {} : { value: { value } };
  }
  const spec = specOfType(node.type, catalogue);
  const values: Record<string, Input> = {};
  if (spec === undefined) {
    for (const [name, value] of Object.entries(foreignValues(node))) if (isLiteral(value)) values[name] = { value };
    return values;
  }
  for (const port of widgetPorts(spec)) {
    const value = node.properties[port.name];
    if (isLiteral(value)) values[port.name] = { value: fromProperty(port, value) };
  }
  return values;
}

/** A placeholder's values by name; a list by position says nothing without the type's definition. */
function foreignValues(node: GraphNode): Readonly<Record<string, PropertyValue>> {
  const { widgets_values: listed } = node;
  if (listed === undefined) return node.properties;
  return isNamed(listed) ? listed : {};
}

const isNamed = (values: NonNullable<GraphNode['widgets_values']>): values is Readonly<Record<string, PropertyValue>> =>
  !Array.isArray(values);
