import type { Catalogue, Literal, NodeSpec, PortSpec, Problem, SizeRule } from '../nodes/kit/index.ts';
import { describeNode } from './describe.ts';
import { isSampling, specOfType } from './node-types.ts';
import type { NodeId, Workflow, WorkflowNode } from './types.ts';
import { resolveWiring, type Wiring } from './wiring.ts';

/** Pixels of a size field for one cell of a latent. */
const cell = 8;

/** A scaled latent has at least so many cells along a side. */
const leastScaled = 8;

/** The allowed sides next to one, in cells: below and above, or the one itself. */
export function nearestSides(cells: number, multiple: number, fixed: number | undefined): readonly number[] {
  if (fixed !== undefined) return [fixed];
  const below = Math.floor(cells / multiple) * multiple;
  if (below === cells) return [cells];
  return below === 0 ? [multiple] : [below, below + multiple];
}

/** What a field is held to by a model that takes not every size. */
export interface SizedField {
  readonly node: NodeId;
  readonly port: string;
  /** The name of the model. */
  readonly model: string;
  /** Pixels from one allowed size to the next. */
  readonly step: number;
  /** The only allowed size in pixels, where there is one. */
  readonly only: number | undefined;
}

interface Looking {
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
  readonly wiring: Wiring;
  /** Samplers that count; all, if not said. */
  readonly needed?: ReadonlySet<NodeId>;
}

interface Found {
  readonly node: WorkflowNode;
  readonly spec: NodeSpec;
}

function find(id: NodeId, { workflow, catalogue }: Looking): Found | undefined {
  const node = workflow.nodes.get(id);
  const spec = node && specOfType(node.type, catalogue);
  return node === undefined || spec === undefined ? undefined : { node, spec };
}

/** The value of a field; undefined where a wire brings it. */
function valueAt(node: NodeId, port: PortSpec, { wiring }: Looking): Literal | undefined {
  const source = wiring.sources.get(node)?.get(port.name);
  if (source === undefined) return port.default;
  return 'value' in source ? source.value : undefined;
}

/** The node behind the only input of these types; undefined where there are several, or none is wired. */
function behind({ node, spec }: Found, types: readonly string[], looking: Looking): Found | undefined {
  const [port, ...more] = spec.inputs.filter(({ type }) => types.includes(type));
  const source = port === undefined || more.length > 0 ? undefined : looking.wiring.sources.get(node.id)?.get(port.name);
  return source !== undefined && 'link' in source ? find(source.link.node, looking) : undefined;
}

/** The nodes up a wire, the nearest first. */
function* upwards(from: Found, types: readonly string[], looking: Looking): Generator<Found> {
  const seen = new Set<NodeId>([from.node.id]);
  for (let at = behind(from, types, looking); at !== undefined && !seen.has(at.node.id); at = behind(at, types, looking)) {
    seen.add(at.node.id);
    yield at;
  }
}

interface RuledModel {
  readonly name: string;
  readonly rule: SizeRule;
}

/** The model that a sampler runs and what it takes; undefined where it takes every size or cannot be told. */
function modelOf(sampler: Found, looking: Looking): RuledModel | undefined {
  for (const at of upwards(sampler, ['MODEL', 'GUIDER'], looking)) {
    const port = at.spec.inputs.find(({ widget }) => widget?.kind === 'choice' && widget.source === 'checkpoints');
    if (port !== undefined) return loaded(at.node.id, port, looking);
  }
  return undefined;
}

function loaded(node: NodeId, port: PortSpec, looking: Looking): RuledModel | undefined {
  if (port.widget?.kind !== 'choice') return undefined;
  const name = valueAt(node, port, looking);
  const { sizes = {} } = port.widget;
  const rule = typeof name === 'string' && Object.hasOwn(sizes, name) ? sizes[name] : undefined;
  return typeof name !== 'string' || rule === undefined ? undefined : { name, rule };
}

const sizePorts = ({ inputs }: NodeSpec): readonly PortSpec[] => inputs.filter(({ latentSide }) => latentSide !== undefined);

/** The node whose fields set the size of a sampler's latent; other samplers between them keep it. */
function sizedNode(sampler: Found, looking: Looking): Found | undefined {
  for (const at of upwards(sampler, ['LATENT'], looking)) {
    if (sizePorts(at.spec).length > 0) return at;
    if (!isSampling(at.spec)) return undefined;
  }
  return undefined;
}

/** Fields of the latents that samplers get straight from a node with a size, and what their models take. */
function* heldFields(looking: Looking): Generator<{ readonly at: Found; readonly port: PortSpec; readonly model: RuledModel }> {
  for (const { id, mode } of looking.workflow.nodes.values()) {
    const runs = mode === 'always' && !looking.wiring.skipped.has(id) && looking.needed?.has(id) !== false;
    const sampler = runs ? find(id, looking) : undefined;
    if (sampler === undefined || !isSampling(sampler.spec)) continue;
    const model = modelOf(sampler, looking);
    const sized = model && sizedNode(sampler, looking);
    if (model !== undefined && sized !== undefined) for (const port of sizePorts(sized.spec)) yield { at: sized, port, model };
  }
}

const fixedSide = ({ latentSide }: PortSpec, { width, height }: SizeRule): number | undefined => (latentSide === 'width' ? width : height);

/** Is there a model that takes not every size? Otherwise nothing needs to be followed. */
const hasRules = (catalogue: Catalogue): boolean =>
  [...catalogue.values()].some(({ inputs }) => inputs.some(({ widget }) => widget?.kind === 'choice' && widget.sizes !== undefined));

/** The size fields whose latents go to a model that takes not every size, the first such model of a field. The workflow is read only where there is such a model. */
export function sizedFields(workflow: () => Workflow, catalogue: Catalogue): readonly SizedField[] {
  if (!hasRules(catalogue)) return [];
  const read = workflow();
  const looking = { workflow: read, catalogue, wiring: resolveWiring(read, catalogue) };
  const fields = new Map<string, SizedField>();
  for (const { at, port, model } of heldFields(looking)) {
    const only = fixedSide(port, model.rule);
    const field = { node: at.node.id, port: port.name, model: model.name, step: cell * model.rule.multiple };
    const key = `${at.node.id}.${port.name}`;
    if (!fields.has(key)) fields.set(key, { ...field, only: only === undefined ? undefined : cell * only });
  }
  return [...fields.values()];
}

/** A problem for each size field whose latent goes to a model that does not take it, with the nearest sizes that it takes. */
export function sizeProblems(looking: Looking): readonly Problem[] {
  if (!hasRules(looking.catalogue)) return [];
  const problems = new Map<string, Problem>();
  for (const { at, port, model } of heldFields(looking)) {
    const value = valueAt(at.node.id, port, looking);
    const cells = typeof value === 'number' ? Math.floor(value / cell) : undefined;
    // Of a scaled latent, a side of 0 follows the other one, and a small one is raised.
    const scales = at.spec.inputs.some(({ type }) => type === 'LATENT');
    if (cells === undefined || (scales && cells < leastScaled)) continue;
    const fixed = fixedSide(port, model.rule);
    const near = nearestSides(cells, model.rule.multiple, fixed);
    if (near.includes(cells)) continue;
    const why =
      fixed === undefined
        ? `takes only multiples of ${cell * model.rule.multiple}, as it was exported`
        : `was exported for a ${port.latentSide} of ${cell * fixed} only`;
    const message = `${describeNode(at.node, at.spec)}, “${port.name}”: the model “${model.name}” ${why}, and this is ${value}. Choose ${near.map((side) => cell * side).join(' or ')}, or export the model for any size.`;
    problems.set(`${at.node.id} ${message}`, { code: 'size-mismatch', message, node: at.node.id, port: port.name });
  }
  return [...problems.values()];
}
