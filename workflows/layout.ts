import type { Catalogue, NodeSpec } from '../nodes/kit/index.ts';
import { assemble } from './assemble.ts';
import { describeNode } from './describe.ts';
import { layerNodes } from './layers.ts';
import { limits } from './limits.ts';
import { safeId } from './node-ids.ts';
import { estimateSize, nodeMeasures } from './node-size.ts';
import { fileType, isSeedPort, socketPorts, specOfType, widgetPorts } from './node-types.ts';
import { readExtra } from './read-extra.ts';
import type { Wire } from './read-links.ts';
import type { DraftNode, FileSlot } from './read-slots.ts';
import { controlProperty } from './read-values.ts';
import type { GraphDocument, GraphNode, NodeId, PropertyValue, Workflow, WorkflowNode } from './types.ts';
import { toProperty } from './values.ts';
import { createWarnings, type Warnings } from './warnings.ts';

const gap = { x: 60, y: 24 } as const;
const origin = { x: 40, y: 60 } as const;

/** Draws a workflow that has no drawing: columns from left to right, nothing overlaps. Wires that lead nowhere are left out. */
export function layoutGraph(workflow: Workflow, catalogue: Catalogue, warnings: Warnings = createWarnings()): GraphDocument {
  const drawing: Drawing = { catalogue, outputs: outputsUsed(workflow), boxes: new Map() };
  placeNodes(workflow, drawing);
  const drafts = new Map([...workflow.nodes.values()].map((node, index) => [node.id, draftOf(node, index, drawing)]));
  const { nodes, links } = assemble([...drafts.values()], wiresOf(workflow, drafts, warnings));
  return {
    last_node_id: nodes.reduce((max, { id }) => (typeof id === 'number' ? Math.max(max, id) : max), 0),
    last_link_id: links.length,
    nodes,
    links,
    groups: [],
    config: {},
    extra: readExtra(undefined, nodes, catalogue),
    version: 0.4,
  };
}

interface Drawing {
  readonly catalogue: Catalogue;
  /** How many outputs of each node are wired at least. */
  readonly outputs: ReadonlyMap<NodeId, number>;
  readonly boxes: Map<NodeId, Pick<GraphNode, 'pos' | 'size'>>;
}

function outputsUsed(workflow: Workflow): ReadonlyMap<NodeId, number> {
  const used = new Map<NodeId, number>();
  for (const node of workflow.nodes.values()) {
    for (const input of Object.values(node.inputs)) {
      if (!('link' in input)) continue;
      const count = Math.min(limits.slots, input.link.output + 1);
      used.set(input.link.node, Math.max(used.get(input.link.node) ?? 0, count));
    }
  }
  return used;
}

function placeNodes(workflow: Workflow, drawing: Drawing): void {
  let x: number = origin.x;
  for (const layer of layerNodes(workflow)) {
    const sized = layer.map((id) => ({ id, size: sizeOf(workflow.nodes.get(id), drawing) }));
    let y: number = origin.y;
    for (const { id, size } of sized) {
      drawing.boxes.set(id, { pos: [x, y], size });
      y += size[1] + nodeMeasures.header + gap.y;
    }
    x += sized.reduce((max, { size }) => Math.max(max, size[0]), 0) + gap.x;
  }
}

function sizeOf(node: WorkflowNode | undefined, { catalogue, outputs }: Drawing): readonly [number, number] {
  const spec = node && specOfType(node.type, catalogue);
  const wired = Object.entries(node?.inputs ?? {}).filter(([, input]) => 'link' in input);
  const sockets = spec ? socketPorts(spec).length : 0;
  const widgets = wired.filter(([name]) => spec?.inputs.find((port) => port.name === name)?.widget !== undefined).length;
  const inputs = spec ? sockets + widgets : wired.length;
  return estimateSize(spec, Math.max(inputs, spec?.outputs.length ?? (node ? (outputs.get(node.id) ?? 0) : 0)));
}

function draftOf(node: WorkflowNode, index: number, { catalogue, outputs, boxes }: Drawing): DraftNode {
  const spec = specOfType(node.type, catalogue);
  const box = boxes.get(node.id) ?? { pos: [0, 0], size: [210, 80] };
  const mode = node.mode === 'mute' ? 2 : node.mode === 'bypass' ? 4 : 0;
  const title = node.title === undefined ? {} : { title: node.title };
  const wired = Object.entries(node.inputs).filter(([, input]) => 'link' in input);
  const slot = (name: string): FileSlot => ({ name, type: '*', links: [] });
  return {
    key: node.id,
    node: {
      id: safeId(node.id) ?? node.id,
      type: fileType(node.type, catalogue),
      ...title,
      ...box,
      flags: {},
      order: index,
      mode,
      properties: propertiesOf(node, spec),
    },
    spec,
    inputs: wired.map(([name]) => slot(name)),
    outputs: Array.from({ length: outputs.get(node.id) ?? 0 }, (_, output) => slot(String(output))),
  };
}

function propertiesOf(node: WorkflowNode, spec: NodeSpec | undefined): Record<string, PropertyValue> {
  const properties: Record<string, PropertyValue> = {};
  for (const port of spec ? widgetPorts(spec) : []) if (port.default !== undefined) properties[port.name] = toProperty(port.default);
  for (const [name, input] of Object.entries(node.inputs)) {
    const held = spec === undefined || spec.inputs.some((port) => port.name === name && port.widget !== undefined);
    if (held && 'value' in input) properties[name] = toProperty(input.value);
  }
  if (spec?.inputs.some(isSeedPort)) properties[controlProperty] = 'fixed';
  return properties;
}

function wiresOf(workflow: Workflow, drafts: ReadonlyMap<NodeId, DraftNode>, warnings: Warnings): readonly Wire[] {
  const wires: Wire[] = [];
  for (const node of workflow.nodes.values()) {
    const to = drafts.get(node.id);
    for (const [name, input] of Object.entries(node.inputs)) {
      if (to === undefined) continue;
      if ('value' in input) {
        warnOfValue(to, name, warnings);
        continue;
      }
      const from = drafts.get(input.link.node);
      const at = (to.spec?.inputs ?? to.inputs).findIndex((port) => port.name === name);
      const source = (from?.spec?.outputs ?? from?.outputs)?.[input.link.output];
      if (from === undefined || source === undefined || at < 0) {
        const what =
          at < 0
            ? `has no input “${name}”`
            : `gets “${name}” from node ${input.link.node}, output ${input.link.output}, which does not exist`;
        warnings.add('bad-link', `${describeNode(node, to.spec)} ${what}; the wire was dropped.`, { node: node.id, port: name });
        continue;
      }
      const type = source.type === '*' ? (to.spec?.inputs[at]?.type ?? '*') : source.type;
      wires.push({ id: wires.length + 1, from, output: input.link.output, to, input: at, type });
    }
  }
  return wires;
}

/** A drawing has no place for a value where only a wire can come in. */
function warnOfValue(draft: DraftNode, name: string, warnings: Warnings): void {
  const port = draft.spec?.inputs.find((candidate) => candidate.name === name);
  if (port === undefined || port.widget !== undefined) return;
  const message = `${describeNode(draft.node, draft.spec)}, “${name}” takes a wire of type ${port.type}; the value was dropped.`;
  warnings.add('wrong-type', message, { node: draft.key, port: name });
}
