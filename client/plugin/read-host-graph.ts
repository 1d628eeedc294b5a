import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import { describeNode, type GraphDocument, isRecord, readGraph, toWorkflow, typePrefix, validate } from '../../workflows/index.ts';
import { type HostGraph, type HostNode, linkOf, linksOf } from './host.ts';
import type { NodeTypes } from './node-types.ts';

/** A host's graph and our types in it. */
interface Source {
  readonly graph: HostGraph;
  readonly types: NodeTypes;
}

/** Our part of a graph as a document, and all that is wrong with it. */
export interface HostReading {
  readonly document?: GraphDocument;
  readonly problems: readonly Problem[];
}

/**
 * Reads our nodes of a host's graph as a strict document and checks it. The host's own nodes are left out; where one feeds ours, that
 * is a problem.
 */
export function readHostGraph(source: Source, targets: readonly string[] | undefined): HostReading {
  const { catalogue } = source.types;
  try {
    const { graph } = readGraph(JSON.stringify(ourPart(source)), catalogue);
    const foreign = foreignFeeds(source);
    const missing = new Set(foreign.map(({ node, port }) => `${node} ${port}`));
    const problems = validate(toWorkflow(graph, catalogue), catalogue, targets === undefined ? {} : { targets });
    return { document: graph, problems: [...foreign, ...problems.filter(({ node, port }) => !missing.has(`${node} ${port}`))] };
  } catch (thrown) {
    return { problems: [toProblem(thrown)] };
  }
}

/** litegraph's form of our nodes and the wires between them, under the names that files have. */
function ourPart({ graph, types }: Source): object {
  const ours = graph._nodes.filter(({ type }) => types.bare(type) !== undefined);
  const ids = new Set(ours.map(({ id }) => String(id)));
  const links = linksOf(graph).filter(({ origin_id, target_id }) => ids.has(String(origin_id)) && ids.has(String(target_id)));
  return {
    nodes: ours.map((node) => ({ ...serialised(node), id: node.id, type: typePrefix + types.bare(node.type) })),
    links: links.map((link) => [link.id, link.origin_id, link.origin_slot, link.target_id, link.target_slot, link.type]),
    version: 0.4,
  };
}

function serialised(node: HostNode): object {
  const saved = node.serialize();
  return isRecord(saved) ? saved : {};
}

function foreignFeeds({ graph, types }: Source): readonly Problem[] {
  return graph._nodes.flatMap((node) => {
    const spec = node.mode === 2 || node.mode === 4 ? undefined : types.specOf(node);
    if (spec === undefined) return [];
    return node.inputs.flatMap(({ name, link }): readonly Problem[] => {
      const origin = graph.getNodeById(linkOf(graph, link)?.origin_id ?? '');
      if (origin === null || origin === undefined || types.bare(origin.type) !== undefined) return [];
      const message = `${describeNode(node, spec)}, “${name}” is fed by ${describeNode(origin, undefined)}, a node of this page. The diffusion server runs only nodes of its own: feed it from one of them, or remove the wire.`;
      return [{ code: 'bad-link', message, node: String(node.id), port: name }];
    });
  });
}
