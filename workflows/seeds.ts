import { type Catalogue, type PortSpec, toBigInt } from '../nodes/kit/index.ts';
import { isSeedPort, specOfType, virtualTypeOf, widgetPorts } from './node-types.ts';
import { controlProperty, readControl } from './read-values.ts';
import type { GraphDocument, GraphNode, PropertyValue, SeedControl } from './types.ts';
import { toProperty } from './values.ts';

const seedCount = 2n ** 64n;

/**
 * The graph with each seed moved on as its control says, before a run: `randomize` takes the next of `random` (any integer, taken
 * modulo 2^64), `increment` and `decrement` go one on and wrap. Fixed seeds, and seeds that come by wire, stay.
 */
export function rollSeeds(graph: GraphDocument, catalogue: Catalogue, random: () => bigint): GraphDocument {
  const roll = (node: GraphNode): GraphNode => {
    const control = controlOf(node);
    const ports = control === undefined || control === 'fixed' ? [] : rolledPorts(node, catalogue);
    if (control === undefined || ports.length === 0) return node;
    const rolled: Record<string, PropertyValue> = {};
    for (const name of ports) rolled[name] = toProperty(nextSeed(toBigInt(node.properties[name]) ?? 0n, control, random));
    return { ...node, properties: { ...node.properties, ...rolled } };
  };
  return { ...graph, nodes: graph.nodes.map(roll) };
}

/** The graph with every seed held where it is, as a picture should carry it: opening it again gives the same picture. */
export function applyFixedSeeds(graph: GraphDocument): GraphDocument {
  const fix = (node: GraphNode): GraphNode =>
    controlOf(node) === undefined ? node : { ...node, properties: { ...node.properties, [controlProperty]: 'fixed' } };
  return { ...graph, nodes: graph.nodes.map(fix) };
}

/** How the seed of a node changes, if it has one. */
export function controlOf(node: GraphNode): SeedControl | undefined {
  const control = node.properties[controlProperty];
  return typeof control === 'string' ? readControl(control) : undefined;
}

/** The seed after this one. */
export function nextSeed(seed: bigint, control: SeedControl, random: () => bigint): bigint {
  switch (control) {
    case 'fixed':
      return seed;
    case 'randomize':
      return BigInt.asUintN(64, random());
    case 'increment':
      return (seed + 1n) % seedCount;
    case 'decrement':
      return (seed + seedCount - 1n) % seedCount;
  }
}

/** Seeds of a node that are not wired; for a PrimitiveNode its value, if it is a whole number. */
export function rolledPorts(node: GraphNode, catalogue: Catalogue): readonly string[] {
  const spec = specOfType(node.type, catalogue);
  const ports: readonly PortSpec[] = spec ? widgetPorts(spec) : [];
  const wired = new Set(node.inputs.filter(({ link }) => link !== null).map(({ name }) => name));
  const isRolled =
    virtualTypeOf(node.type) === 'PrimitiveNode' ? (port: PortSpec) => toBigInt(node.properties[port.name]) !== undefined : isSeedPort;
  return ports.filter((port) => isRolled(port) && !wired.has(port.name)).map((port) => port.name);
}
