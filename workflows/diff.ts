import type { Catalogue, Literal } from '../nodes/kit/index.ts';
import type { RunManifest } from './manifest.ts';
import { bareType, specOfType } from './node-types.ts';
import type { Input, NodeId, Workflow, WorkflowNode } from './types.ts';

/** One difference in meaning between two workflows or two runs; `before` or `after` is missing where there is nothing. */
export interface Difference {
  readonly kind: 'node' | 'type' | 'mode' | 'title' | 'value' | 'wire' | 'model' | 'version' | 'runtime';
  /** What it is of, as people read it: `Sampler (7), steps`. */
  readonly what: string;
  readonly before?: string;
  readonly after?: string;
}

/** Nodes that are the same in both, by the id in the first one; the rest were added or taken away. */
type Pairs = ReadonlyMap<NodeId, NodeId>;

const same = (a: WorkflowNode, b: WorkflowNode): boolean => bareType(a.type) === bareType(b.type);

/** How alike two nodes are: equal inputs by name. */
function likeness(a: WorkflowNode, b: WorkflowNode): number {
  return Object.entries(a.inputs).filter(([name, input]) => {
    const other = b.inputs[name];
    return 'value' in input
      ? other !== undefined && 'value' in other && other.value === input.value
      : other !== undefined && 'link' in other;
  }).length;
}

/** Pairs nodes by id and type, then by title and type, then whichever of a type are most alike. */
function pair(a: Workflow, b: Workflow): Pairs {
  const pairs = new Map<NodeId, NodeId>();
  const taken = new Set<NodeId>();
  const take = (from: WorkflowNode, to: WorkflowNode | undefined): void => {
    if (to === undefined || taken.has(to.id)) return;
    pairs.set(from.id, to.id);
    taken.add(to.id);
  };
  const left = (): WorkflowNode[] => [...a.nodes.values()].filter(({ id }) => !pairs.has(id));
  const free = (node: WorkflowNode): WorkflowNode[] => [...b.nodes.values()].filter((other) => !taken.has(other.id) && same(node, other));
  for (const node of left())
    take(
      node,
      free(node).find(({ id, title }) => id === node.id && title === node.title),
    );
  for (const node of left())
    take(
      node,
      free(node).find(({ title }) => title !== undefined && title === node.title),
    );
  for (const node of left())
    take(
      node,
      free(node).find(({ id }) => id === node.id),
    );
  for (const node of left()) take(node, free(node).sort((x, y) => likeness(node, y) - likeness(node, x))[0]);
  return pairs;
}

function nameOf(node: WorkflowNode, catalogue: Catalogue): string {
  return `${node.title ?? specOfType(node.type, catalogue)?.title ?? bareType(node.type)} (${node.id})`;
}

const shown = (value: Literal): string => (typeof value === 'string' ? `“${value}”` : String(value));

interface Sides {
  readonly a: Workflow;
  readonly b: Workflow;
  readonly pairs: Pairs;
  readonly catalogue: Catalogue;
}

/** What feeds an input, so that the same wire between paired nodes reads the same on both sides. */
function feed(input: Input | undefined, { a, b, pairs, catalogue }: Sides, side: 'a' | 'b'): string | undefined {
  if (input === undefined) return undefined;
  if ('value' in input) return shown(input.value);
  const { node, output } = input.link;
  const origin = side === 'a' ? (pairs.get(node) ?? `a:${node}`) : node;
  const from = b.nodes.get(origin) ?? a.nodes.get(node);
  return `output ${output} of ${from === undefined ? node : nameOf(from, catalogue)}`;
}

function nodeDifferences(from: WorkflowNode, to: WorkflowNode, sides: Sides): readonly Difference[] {
  const what = nameOf(to, sides.catalogue);
  const found: Difference[] = [];
  if (from.mode !== to.mode) found.push({ kind: 'mode', what, before: from.mode, after: to.mode });
  if (from.title !== to.title && (from.title ?? to.title) !== undefined) {
    found.push({
      kind: 'title',
      what,
      ...(from.title === undefined ? {} : { before: from.title }),
      ...(to.title === undefined ? {} : { after: to.title }),
    });
  }
  const spec = specOfType(to.type, sides.catalogue);
  for (const name of new Set([...Object.keys(from.inputs), ...Object.keys(to.inputs)])) {
    const initial = spec?.inputs.find((port) => port.name === name)?.default;
    const usual: Input | undefined = initial === undefined ? undefined : { value: initial };
    const [one, other] = [from.inputs[name] ?? usual, to.inputs[name] ?? usual];
    const [before, after] = [feed(one, sides, 'a'), feed(other, sides, 'b')];
    if (before === after) continue;
    const wired = (one !== undefined && 'link' in one) || (other !== undefined && 'link' in other);
    found.push({
      kind: wired ? 'wire' : 'value',
      what: `${what}, ${name}`,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
  return found;
}

/** How two workflows differ in meaning: where nodes stand, their ids and what a value is by default do not count. */
export function diffWorkflows(a: Workflow, b: Workflow, catalogue: Catalogue): readonly Difference[] {
  const pairs = pair(a, b);
  const sides = { a, b, pairs, catalogue };
  const found: Difference[] = [];
  const kept = new Set(pairs.values());
  for (const node of a.nodes.values()) {
    const to = b.nodes.get(pairs.get(node.id) ?? '');
    if (pairs.has(node.id) && to !== undefined) found.push(...nodeDifferences(node, to, sides));
    else found.push({ kind: 'node', what: nameOf(node, catalogue), before: bareType(node.type) });
  }
  for (const node of b.nodes.values()) {
    if (!kept.has(node.id)) found.push({ kind: 'node', what: nameOf(node, catalogue), after: bareType(node.type) });
  }
  return found;
}

function entry(kind: Difference['kind'], what: string, [before, after]: readonly [string | undefined, string | undefined]): Difference[] {
  if (before === after) return [];
  return [{ kind, what, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

const short = (hash: string | undefined): string | undefined => hash?.slice(0, 12);

/** How the surroundings of two runs differ: files of models, versions of nodes and programs, provider and device. Timings do not count. */
export function diffManifests(a: RunManifest, b: RunManifest): readonly Difference[] {
  const models = [...new Set([...Object.keys(a.models), ...Object.keys(b.models)])].flatMap((model) => {
    const [one, other] = [a.models[model], b.models[model]];
    if (one === undefined || other === undefined) return entry('model', model, [one && 'used', other && 'used']);
    const files = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return files.flatMap((file) => entry('model', `${model}, ${file}`, [short(one[file]), short(other[file])]));
  });
  const versions = (manifest: RunManifest): Map<string, string> =>
    new Map(Object.values(manifest.nodes).map(({ type, version }) => [type, String(version)]));
  const [mine, theirs] = [versions(a), versions(b)];
  const nodes = [...mine].flatMap(([type, version]) =>
    theirs.has(type) ? entry('version', `node ${type}`, [version, theirs.get(type)]) : [],
  );
  return [
    ...models,
    ...nodes,
    ...entry('version', 'litegraph-diffusion', [a.program, b.program]),
    ...entry('version', 'ONNX Runtime', [a.runtime.onnxruntime, b.runtime.onnxruntime]),
    ...entry('runtime', 'provider', [a.runtime.provider, b.runtime.provider]),
    ...entry('runtime', 'device', [a.runtime.device, b.runtime.device]),
    ...entry('runtime', 'precision', [a.runtime.precision, b.runtime.precision]),
  ];
}

/** A difference as a line. */
export function differenceLine({ kind, what, before, after }: Difference): string {
  if (kind === 'node') return after === undefined ? `- ${what}` : `+ ${what}`;
  return `  ${what}: ${before ?? 'nothing'} → ${after ?? 'nothing'}`;
}
