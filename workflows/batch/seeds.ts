import type { Catalogue, PortSpec } from '../../nodes/kit/index.ts';
import { toBigInt } from '../../nodes/kit/index.ts';
import { isSeedPort, specOfType } from '../node-types.ts';
import { controlOf, rolledPorts } from '../seeds.ts';
import { setField, type WorkflowSource } from '../set-value.ts';
import type { NodeId, SeedControl } from '../types.ts';

/** A seed of a workflow that is a value, not wired. */
export interface SeedField {
  readonly node: NodeId;
  readonly port: string;
  readonly value: bigint;
  readonly control: SeedControl;
}

/** All seeds of a workflow with how they change; the compact form keeps no controls, so they are fixed there. */
export function seedFields({ workflow, graph }: WorkflowSource, catalogue: Catalogue): readonly SeedField[] {
  if (graph !== undefined) {
    return graph.nodes.flatMap((node) =>
      rolledPorts(node, catalogue).map((port) => ({
        node: String(node.id),
        port,
        value: toBigInt(node.properties[port]) ?? 0n,
        control: controlOf(node) ?? 'fixed',
      })),
    );
  }
  return [...workflow.nodes.values()].flatMap(({ id, type, inputs }) => {
    const ports: readonly PortSpec[] = specOfType(type, catalogue)?.inputs.filter(isSeedPort) ?? [];
    return ports.flatMap(({ name, default: initial }) => {
      const input = inputs[name];
      if (input !== undefined && 'link' in input) return [];
      return [{ node: id, port: name, value: toBigInt(input?.value ?? initial) ?? 0n, control: 'fixed' as const }];
    });
  });
}

/** Seeds of one item by `node.port`, as digits. */
export type ItemSeeds = Readonly<Record<string, string>>;

const seedCount = 2n ** 64n;

function seedAt({ value, control }: SeedField, index: number, random: () => bigint): bigint {
  if (control === 'randomize') return BigInt.asUintN(64, random());
  const step = control === 'increment' ? 1n : control === 'decrement' ? -1n : 0n;
  return (((value + step * BigInt(index)) % seedCount) + seedCount) % seedCount;
}

/** The seeds of item `index`, counted from 0: the first one has the seeds that stand in the workflow, unless they are random. Random ones that are `known` are taken again. */
export function itemSeeds(
  fields: readonly SeedField[],
  index: number,
  { random, known = {} }: { random: () => bigint; known?: ItemSeeds | undefined },
): ItemSeeds {
  return Object.fromEntries(
    fields.map((field) => {
      const name = `${field.node}.${field.port}`;
      const before = field.control === 'randomize' ? known[name] : undefined;
      return [name, before ?? String(seedAt(field, index, random))];
    }),
  );
}

/** The workflow with these seeds in it. */
export function withSeeds(source: WorkflowSource, seeds: ItemSeeds, catalogue: Catalogue): WorkflowSource {
  return Object.entries(seeds).reduce((before, [field, seed]) => setField(before, { field, text: seed }, catalogue), source);
}
