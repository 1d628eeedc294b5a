import { isRecord } from '../../workflows/index.ts';
import type { HostGraph, HostLibrary, HostNode } from './host.ts';
import type { NodeTypes } from './node-types.ts';

/** A host's graph, its library and our types in it. */
export interface HostGround {
  readonly host: HostLibrary;
  readonly graph: HostGraph;
  readonly types: NodeTypes;
}

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Nodes that a file brought before their types were registered come to life, with the place and wires they have now. */
export function revive({ host, graph, types }: HostGround): void {
  for (const old of [...graph._nodes]) {
    if (!isRecord(old.last_serialization) || types.specOf(old) === undefined) continue;
    const next = host.createNode(old.type);
    if (next === null) continue;
    const { pos, inputs, outputs } = old;
    replace(graph, old, next);
    next.configure(copy({ ...old.last_serialization, pos, inputs, outputs }));
  }
  graph.setDirtyCanvas(true, true);
}

/** Our nodes become what litegraph makes of nodes whose type it does not know: they keep place, wires and values, also through a save. */
export function retire({ host, graph, types }: HostGround): void {
  for (const old of [...graph._nodes]) {
    if (types.specOf(old) === undefined) continue;
    const saved = { ...asRecord(copy(old.serialize())), title: old.title };
    const next = new host.LGraphNode();
    next.last_serialization = saved;
    next.has_errors = true;
    replace(graph, old, next);
    next.configure(copy(saved));
  }
  graph.setDirtyCanvas(true, true);
}

const asRecord = (value: unknown): object => (isRecord(value) ? value : {});

/** Wires name nodes by id, so that another node can take the place of one. */
function replace(graph: HostGraph, old: HostNode, next: HostNode): void {
  next.id = old.id;
  next.graph = graph;
  graph._nodes[graph._nodes.indexOf(old)] = next;
  if (graph._nodes_by_id !== undefined) graph._nodes_by_id[String(old.id)] = next;
  old.graph = null;
  graph.updateExecutionOrder();
}
