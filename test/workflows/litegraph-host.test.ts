import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GraphDocument, readGraph, toWorkflow, typePrefix, writeGraph } from '../../workflows/index.ts';
import { catalogue } from './catalogue.ts';
import { comfyApi, comfyDefault, comfyNode } from './sample-graphs.ts';

/** The core build: the main one registers nodes that run code. */
const core: typeof import('litegraph.js') = createRequire(import.meta.url)('litegraph.js/build/litegraph.core.js');
const { LGraph, LGraphNode, LiteGraph } = core;

beforeAll(() => {
  for (const spec of catalogue.values()) {
    class Registered extends LGraphNode {
      constructor() {
        super(spec.title);
        for (const port of spec.inputs) if (port.widget === undefined) this.addInput(port.name, port.type);
        for (const port of spec.outputs) this.addOutput(port.name, port.type);
      }
    }
    LiteGraph.registerNodeType(typePrefix + spec.type, Registered);
  }
});

afterAll(() => {
  for (const type of catalogue.keys()) LiteGraph.unregisterNodeType(typePrefix + type);
});

/** The graph after stock litegraph has opened its file and saved it again. */
function throughLitegraph(graph: GraphDocument): GraphDocument {
  const host = new LGraph();
  host.configure(JSON.parse(writeGraph(graph)));
  return readGraph(JSON.stringify(host.serialize()), catalogue).graph;
}

const unknown = {
  ...comfyNode(11, 'FancyUpscaler', {
    inputs: [['image', 'IMAGE', 10]],
    outputs: [['IMAGE', 'IMAGE', []]],
    widgets: ['x4', 2, { a: [1] }],
  }),
  title: 'My upscaler',
};

it.each([
  ['a saved graph', comfyDefault],
  ['the compact form, laid out', comfyApi],
  [
    'a graph with an unknown node',
    { ...comfyDefault, nodes: [...comfyDefault.nodes, unknown], links: [...comfyDefault.links, [10, 8, 0, 11, 0, 'IMAGE']] },
  ],
])('%s opens in stock litegraph, which saves the same graph again', (_, source) => {
  const { graph } = readGraph(source, catalogue);
  const again = throughLitegraph(graph);
  expect(again.links).toEqual(graph.links);
  expect(toWorkflow(again, catalogue)).toEqual(toWorkflow(graph, catalogue));
  const drawn = ({ nodes }: GraphDocument) => nodes.map(({ id, pos, size, mode }) => ({ id, pos, size, mode }));
  expect(drawn(again)).toEqual(drawn(graph));
});
