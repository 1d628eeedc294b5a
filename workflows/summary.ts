import type { Catalogue, Literal, NodeSpec } from '../nodes/kit/index.ts';
import { nearest } from './nearest.ts';
import { neededFor, visibleNodes } from './needed.ts';
import { isSampling, specOfType, virtualTypeOf } from './node-types.ts';
import type { NodeId, Workflow, WorkflowNode } from './types.ts';
import { resolveWiring, type Wiring } from './wiring.ts';

/** What is there to run with. */
export interface KnownFiles {
  readonly checkpoints: readonly string[];
  readonly inputImages: readonly string[];
}

/** A file that a workflow names. */
export interface NamedFile {
  readonly name: string;
  readonly present: boolean;
}

/** What a workflow from elsewhere needs and does, to be shown before its first run. */
export interface WorkflowSummary {
  readonly nodes: number;
  readonly missingTypes: readonly { readonly type: string; readonly count: number; readonly nearest: readonly string[] }[];
  readonly models: readonly NamedFile[];
  /** Pictures that it reads from the input folder. */
  readonly reads: readonly NamedFile[];
  /** Prefixes of files that it writes into the output folder. */
  readonly writes: readonly string[];
  /** Rough work: runs of the network, and the same times pixels; 0 when no step count can be seen. */
  readonly work: { readonly steps: number; readonly pixels: number };
}

/** Summarises what would run: missing node types and models, files read and written, rough work. */
export function summarise(workflow: Workflow, catalogue: Catalogue, known: KnownFiles): WorkflowSummary {
  const wiring = resolveWiring(workflow, catalogue);
  const active = [...workflow.nodes.values()].filter((node) => node.mode === 'always' && virtualTypeOf(node.type) === undefined);
  const names = (source: 'checkpoints' | 'input-images'): readonly string[] =>
    valuesOf(active, catalogue, (spec) => sourcePorts(spec, source));
  const present =
    (list: readonly string[]) =>
    (name: string): NamedFile => ({ name, present: list.includes(name) });
  return {
    nodes: active.length,
    missingTypes: missingTypes(active, catalogue),
    models: names('checkpoints').map(present(known.checkpoints)),
    reads: names('input-images').map(present(known.inputImages)),
    writes: valuesOf(active, catalogue, (spec) => (spec.effect === 'write' ? ['filename_prefix'] : [])),
    work: workOf(workflow, catalogue, wiring),
  };
}

const sourcePorts = (spec: NodeSpec, source: 'checkpoints' | 'input-images'): readonly string[] =>
  spec.inputs.filter(({ widget }) => widget?.kind === 'choice' && widget.source === source).map(({ name }) => name);

function missingTypes(nodes: readonly WorkflowNode[], catalogue: Catalogue): WorkflowSummary['missingTypes'] {
  const counts = new Map<string, number>();
  for (const { type } of nodes) if (!specOfType(type, catalogue)) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count, nearest: nearest(type, catalogue.keys()) }));
}

function valuesOf(nodes: readonly WorkflowNode[], catalogue: Catalogue, ports: (spec: NodeSpec) => readonly string[]): readonly string[] {
  const values = new Set<string>();
  for (const node of nodes) {
    const spec = specOfType(node.type, catalogue);
    for (const name of spec ? ports(spec) : []) {
      const value = inputValue(node, name, spec);
      if (value !== undefined) values.add(String(value));
    }
  }
  return [...values];
}

function inputValue(node: WorkflowNode, name: string, spec: NodeSpec | undefined): Literal | undefined {
  const input = node.inputs[name];
  if (input === undefined) return spec?.inputs.find((port) => port.name === name)?.default;
  return 'value' in input ? input.value : undefined;
}

/** Nodes that run the network: those that take a latent and, at some distance, a model and sigmas or steps. */
function workOf(workflow: Workflow, catalogue: Catalogue, wiring: Wiring): WorkflowSummary['work'] {
  const needed = neededFor(
    visibleNodes(workflow, catalogue).map((node) => node.id),
    wiring,
  );
  const known = new Map<NodeId, Upstream>();
  const work = { steps: 0, pixels: 0 };
  for (const id of wiring.order) {
    const node = workflow.nodes.get(id);
    const spec = node && specOfType(node.type, catalogue);
    if (!node || !spec || !needed.has(id)) continue;
    const upstream = upstreamOf(node, spec, { wiring, known });
    known.set(id, upstream);
    if (!isSampling(spec)) continue;
    const steps = spec.inputs.some((port) => port.name === 'step') ? 1 : (upstream.steps ?? 0);
    work.steps += steps;
    work.pixels += steps * (upstream.pixels ?? 0);
  }
  return work;
}

/** The nearest step count and picture size on the way to a node. */
interface Upstream {
  readonly steps?: number;
  readonly pixels?: number;
}

function upstreamOf(
  node: WorkflowNode,
  spec: NodeSpec,
  { wiring, known }: { wiring: Wiring; known: ReadonlyMap<NodeId, Upstream> },
): Upstream {
  const number = (name: string): number | undefined => {
    const value = spec.inputs.some((port) => port.name === name) ? Number(inputValue(node, name, spec)) : Number.NaN;
    return Number.isFinite(value) ? value : undefined;
  };
  const suppliers = [...(wiring.sources.get(node.id)?.values() ?? [])].flatMap((source) =>
    'link' in source ? [known.get(source.link.node)] : [],
  );
  const [width, height] = [number('width'), number('height')];
  const size = width === undefined || height === undefined ? undefined : width * height * (number('batch_size') ?? 1);
  const steps = number('steps') ?? suppliers.find((supplier) => supplier?.steps !== undefined)?.steps;
  const pixels = size ?? suppliers.find((supplier) => supplier?.pixels !== undefined)?.pixels;
  return { ...(steps === undefined ? {} : { steps }), ...(pixels === undefined ? {} : { pixels }) };
}
