import { type HostGraph, type HostNode, sourcesOf } from '../plugin/host.ts';

/** Nodes in the order in which they would run: what is needed first, else as they stand in the graph. Circles break where they are met. */
export function executionOrder(graph: HostGraph): readonly HostNode[] {
  const order = new Set<HostNode>();
  const open = new Set<HostNode>();
  for (const start of graph._nodes) {
    const ahead: HostNode[] = [start];
    for (let node = ahead.at(-1); node !== undefined; node = ahead.at(-1)) {
      open.add(node);
      const next = sourcesOf(node).find((source) => !order.has(source) && !open.has(source));
      if (next !== undefined && !order.has(node)) {
        ahead.push(next);
        continue;
      }
      order.add(node);
      ahead.pop();
    }
  }
  return [...order];
}
