import { sortNodes, suppliers } from './sort-nodes.ts';
import type { NodeId, Workflow } from './types.ts';

/**
 * Puts nodes into columns from left to right: each one column after the last of its suppliers, then moved right until
 * just before the first node that needs it; within a column ordered by the middle of its neighbours (Sugiyama et al. 1981).
 */
export function layerNodes(workflow: Workflow): readonly (readonly NodeId[])[] {
  const { order } = sortNodes(workflow);
  const layerOf = new Map<NodeId, number>();
  for (const id of order) {
    const before = suppliersOf(id, workflow).map((supplier) => (layerOf.get(supplier) ?? -1) + 1);
    layerOf.set(
      id,
      before.reduce((max, layer) => Math.max(max, layer), 0),
    );
  }
  pullRight(order, layerOf, workflow);
  const layers: NodeId[][] = [];
  for (const id of workflow.nodes.keys()) {
    const layer = layerOf.get(id) ?? 0;
    while (layers.length <= layer) layers.push([]);
    layers[layer]?.push(id);
  }
  return sweep(
    layers.filter((layer) => layer.length > 0),
    workflow,
  );
}

const suppliersOf = (id: NodeId, workflow: Workflow): readonly NodeId[] => {
  const node = workflow.nodes.get(id);
  return node === undefined ? [] : suppliers(node, workflow);
};

/** Moves nodes that could be further right beside what they feed; those that load things stay at the left. */
function pullRight(order: readonly NodeId[], layerOf: Map<NodeId, number>, workflow: Workflow): void {
  const nearest = new Map<NodeId, number>();
  for (const id of [...order].reverse()) {
    const limit = nearest.get(id);
    const manyUses = limit !== undefined && (layerOf.get(id) ?? 0) === 0 && isLoader(id, workflow);
    if (limit !== undefined && limit > (layerOf.get(id) ?? 0) && !manyUses) layerOf.set(id, limit);
    for (const supplier of suppliersOf(id, workflow)) {
      const layer = (layerOf.get(id) ?? 0) - 1;
      nearest.set(supplier, Math.min(nearest.get(supplier) ?? layer, layer));
    }
  }
}

const isLoader = (id: NodeId, workflow: Workflow): boolean => /Loader|^Load/.test(workflow.nodes.get(id)?.type ?? '');

/** Orders each column by the mean place of its neighbours, twice to the right and once to the left. */
function sweep(layers: readonly NodeId[][], workflow: Workflow): readonly (readonly NodeId[])[] {
  const uses = new Map<NodeId, NodeId[]>();
  for (const id of workflow.nodes.keys()) {
    for (const supplier of suppliersOf(id, workflow)) uses.set(supplier, [...(uses.get(supplier) ?? []).slice(0, 64), id]);
  }
  const place = new Map<NodeId, number>();
  const settle = (layer: readonly NodeId[]): void => {
    for (const [index, id] of layer.entries()) place.set(id, (index + 0.5) / layer.length);
  };
  const arrange = (layer: NodeId[], neighbours: (id: NodeId) => readonly NodeId[]): void => {
    const middle = new Map(layer.map((id) => [id, mean(neighbours(id).map((other) => place.get(other) ?? 0.5)) ?? place.get(id) ?? 0.5]));
    layer.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
    settle(layer);
  };
  layers.forEach(settle);
  const before = (id: NodeId): readonly NodeId[] => suppliersOf(id, workflow);
  const after = (id: NodeId): readonly NodeId[] => uses.get(id) ?? [];
  for (const layer of layers) arrange(layer, before);
  for (const layer of [...layers].reverse()) arrange(layer, after);
  for (const layer of layers) arrange(layer, before);
  return layers;
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
