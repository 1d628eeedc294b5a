import { describe, expect, it } from 'vitest';
import { layoutGraph, parseJson, readGraph, readWorkflow, writeGraph } from '../../workflows/index.ts';
import { nodeMeasures } from '../../workflows/node-size.ts';
import { catalogue } from './catalogue.ts';
import { comfyApi, comfyDefault } from './sample-graphs.ts';

describe('writeGraph', () => {
  const { graph } = readGraph(comfyDefault, catalogue);

  it('writes what reads to the same graph and the same text', () => {
    const text = writeGraph(graph);
    expect(readGraph(text, catalogue)).toEqual({ graph, warnings: [] });
    expect(writeGraph(readGraph(text, catalogue).graph)).toBe(text);
    expect(parseJson(text)).toEqual(graph);
  });

  it('does not depend on the order in which a graph was put together', () => {
    const shuffled = { ...graph, nodes: graph.nodes.map((node) => Object.fromEntries(Object.entries(node).reverse())) };
    const { graph: back } = readGraph(shuffled, catalogue);
    expect(writeGraph(back)).toBe(writeGraph(graph));
  });

  it('has two spaces of indent, a line for each wire, prefixed types, and an end of line', () => {
    const lines = writeGraph(graph).split('\n');
    expect(lines.at(-1)).toBe('');
    const keys = lines.flatMap((line) => /^ {6}"(\w+)":/.exec(line)?.[1] ?? []);
    const order = ['id', 'type', 'pos', 'size', 'flags', 'order', 'mode', 'inputs', 'outputs', 'properties'];
    expect(keys.slice(0, order.length)).toEqual(order);
    expect(lines).toContain('    [1, 4, 0, 3, 0, "MODEL"],');
    expect(lines).toContain('      "type": "diffusion/KSampler",');
    expect(lines).toContain('  "version": 0.4');
    expect(lines).toContain('        { "name": "model", "type": "MODEL", "link": 1 },');
  });
});

describe('layoutGraph', () => {
  const boxes = (source: unknown) =>
    readGraph(source, catalogue).graph.nodes.map(({ id, pos, size }) => ({
      id: String(id),
      left: pos[0],
      right: pos[0] + size[0],
      top: pos[1] - nodeMeasures.header,
      bottom: pos[1] + size[1],
    }));

  it('lets no two nodes overlap, headers included', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 60 }, (_, id) => [id, { class_type: id % 2 ? 'CLIPTextEncode' : 'Unknown', inputs: {} }]),
    );
    for (const source of [comfyApi, wide]) {
      const all = boxes(source);
      for (const a of all) {
        for (const b of all) {
          if (a.id < b.id) expect(a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top).toBe(true);
        }
      }
    }
  });

  it('puts every node to the right of what it needs', () => {
    const { workflow } = readWorkflow(comfyApi, catalogue);
    const place = new Map(boxes(comfyApi).map((box) => [box.id, box]));
    for (const node of workflow.nodes.values()) {
      for (const input of Object.values(node.inputs)) {
        if ('link' in input)
          expect(place.get(node.id)?.left).toBeGreaterThan(place.get(input.link.node)?.right ?? Number.POSITIVE_INFINITY);
      }
    }
  });

  it('is fine with circles and with twenty thousand nodes in a row', () => {
    const circle = {
      a: { class_type: 'ImageInvert', inputs: { image: ['b', 0] } },
      b: { class_type: 'ImageInvert', inputs: { image: ['a', 0] } },
    };
    expect(readGraph(circle, catalogue).graph.links).toHaveLength(2);
    const nodes = new Map(
      Array.from({ length: 20_000 }, (_, id) => {
        const inputs = id === 0 ? {} : { image: { link: { node: String(id - 1), output: 0 } } };
        return [String(id), { id: String(id), type: 'ImageInvert', mode: 'always' as const, inputs }] as const;
      }),
    );
    const graph = layoutGraph({ nodes }, catalogue);
    expect(graph.links).toHaveLength(19_999);
    expect(readGraph(writeGraph(graph), catalogue).graph).toEqual(graph);
  });

  it('leaves out wires that lead nowhere, and values where only wires go, with a warning', () => {
    const { graph, warnings } = readGraph(
      {
        1: { class_type: 'KSampler', inputs: { model: ['9', 0], positive: 'x', nope: ['2', 0] } },
        2: { class_type: 'EmptyImage', inputs: {} },
      },
      catalogue,
    );
    expect(graph.links).toEqual([]);
    expect(warnings.map(({ code, port }) => `${code} ${port}`)).toEqual(['bad-link model', 'wrong-type positive', 'bad-link nope']);
  });
});
