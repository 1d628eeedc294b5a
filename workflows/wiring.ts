import { type Catalogue, type Literal, type NodeSpec, typesFit } from '../nodes/kit/index.ts';
import { describeNode } from './describe.ts';
import { specOfType } from './node-types.ts';
import { type Sorted, sortNodes } from './sort-nodes.ts';
import type { Input, Link, NodeId, Workflow, WorkflowNode } from './types.ts';

/** What an input really gets, seen through bypassed nodes. A gap says in a sentence's second half why it gets nothing. */
export type Source = { readonly value: Literal } | { readonly link: Link } | { readonly gap: string };

/** A workflow with mute and bypass resolved. */
export interface Wiring extends Sorted {
  /** What each input of each node gets, by port name; for nodes of mode `always` only. */
  readonly sources: ReadonlyMap<NodeId, ReadonlyMap<string, Source>>;
  /** Nodes that do not run although nothing is wrong with them, with the reason as a sentence. */
  readonly skipped: ReadonlyMap<NodeId, string>;
}

interface Context {
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
  readonly cyclic: ReadonlySet<NodeId>;
  /** What the inputs of nodes get that have been looked at. */
  readonly sources: Map<NodeId, ReadonlyMap<string, Source>>;
}

/** Resolves bypassed nodes and finds out what muting leaves out. Linear in nodes and wires. */
export function resolveWiring(workflow: Workflow, catalogue: Catalogue): Wiring {
  const sorted = sortNodes(workflow);
  const context: Context = { workflow, catalogue, cyclic: sorted.cyclic, sources: new Map() };
  const skipped = new Map<NodeId, string>();
  for (const id of sorted.order) {
    const node = workflow.nodes.get(id);
    if (node === undefined) continue;
    if (node.mode === 'mute') skipped.set(id, 'It is muted.');
    else
      context.sources.set(
        id,
        new Map(Object.entries(node.inputs).map(([name, input]) => [name, sourceOf(input, portType(node, name, catalogue), context)])),
      );
    if (node.mode === 'bypass') skipped.set(id, 'It is bypassed.');
    const reason = node.mode === 'always' ? reasonToSkip(node, context, skipped) : undefined;
    if (reason !== undefined) skipped.set(id, reason);
  }
  return { ...sorted, sources: context.sources, skipped };
}

const portType = (node: WorkflowNode, name: string, catalogue: Catalogue): string =>
  specOfType(node.type, catalogue)?.inputs.find((port) => port.name === name)?.type ?? '*';

function sourceOf(input: Input, wanted: string, context: Context): Source {
  if ('value' in input) return input;
  const { link } = input;
  const node = context.workflow.nodes.get(link.node);
  if (node?.mode !== 'bypass') return { link };
  const spec = specOfType(node.type, context.catalogue);
  if (context.cyclic.has(node.id)) return { gap: `${describeNode(node, spec)} is part of a circle` };
  const through = spec ? passed(node, spec, link.output) : fitting(node, wanted, context);
  const source = through === undefined ? undefined : context.sources.get(node.id)?.get(through);
  return (
    source ?? {
      gap: `${describeNode(node, spec)} is bypassed and has no input to pass on as ${spec?.outputs[link.output]?.type ?? wanted}`,
    }
  );
}

/** The input that goes straight through to an output: the one at the same place if it has the same type, else the first that has. */
function passed(node: WorkflowNode, spec: NodeSpec, output: number): string | undefined {
  const type = spec.outputs[output]?.type;
  const here = spec.inputs[output];
  const candidates = here === undefined ? spec.inputs : [here, ...spec.inputs];
  return candidates.find((port) => port.type === type && port.name in node.inputs)?.name;
}

/** A bypassed placeholder: the first wired input whose source has a fitting type. */
function fitting(node: WorkflowNode, wanted: string, context: Context): string | undefined {
  for (const [name, source] of context.sources.get(node.id) ?? []) {
    if (!('link' in source)) continue;
    const origin = context.workflow.nodes.get(source.link.node);
    const type = origin && specOfType(origin.type, context.catalogue)?.outputs[source.link.output]?.type;
    if (type !== undefined && typesFit(type, wanted)) return name;
  }
  return undefined;
}

/** Why a node does not run: a required input hangs on something that does not. */
function reasonToSkip(node: WorkflowNode, context: Context, skipped: ReadonlyMap<NodeId, string>): string | undefined {
  const spec = specOfType(node.type, context.catalogue);
  for (const [name, source] of context.sources.get(node.id) ?? []) {
    if (spec?.inputs.find((port) => port.name === name)?.optional === true) continue;
    if ('gap' in source) return `Its input “${name}” gets nothing: ${source.gap}.`;
    const origin = 'link' in source ? context.workflow.nodes.get(source.link.node) : undefined;
    if (origin === undefined || !skipped.has(origin.id)) continue;
    return origin.mode === 'mute'
      ? `It needs ${describeNode(origin, specOfType(origin.type, context.catalogue))}, which is muted.`
      : `It needs ${describeNode(origin, specOfType(origin.type, context.catalogue))}, which does not run.`;
  }
  return undefined;
}
