import { describe, expect, it } from 'vitest';
import {
  type GraphDocument,
  type GraphNode,
  plan,
  readGraph,
  readWorkflow,
  toCompact,
  toWorkflow,
  writeGraph,
} from '../../workflows/index.ts';
import { catalogue } from './catalogue.ts';
import { comfyApi, comfyDefault, comfyNode } from './sample-graphs.ts';

const node = (graph: GraphDocument, id: number | string): GraphNode => {
  const found = graph.nodes.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`No node ${id}.`);
  return found;
};

/** A graph of nodes and links with the rest as litegraph writes it. */
const graphOf = (nodes: readonly unknown[], links: readonly unknown[] = []) => ({ nodes, links, version: 0.4 });

describe('ComfyUI files', () => {
  it('takes values by position, with the control entry after the seed, into properties by name', () => {
    const { graph, warnings } = readGraph(JSON.stringify(comfyDefault), catalogue);
    expect(warnings).toEqual([]);
    expect(node(graph, 3)).toMatchObject({
      type: 'diffusion/KSampler',
      pos: [300, 50],
      size: [315, 262],
      properties: {
        seed: 156680208700286,
        control_after_generate: 'randomize',
        steps: 25,
        cfg: 7.5,
        sampler_name: 'heun',
        scheduler: 'karras',
        denoise: 0.9,
      },
    });
    expect(node(graph, 3)).not.toHaveProperty('widgets_values');
    expect(node(graph, 6).properties.text).toBe('a bottle');
  });

  it('gives the same workflow as the API format of the same graph', () => {
    const drawn = readWorkflow(JSON.stringify(comfyDefault), catalogue);
    const compact = readWorkflow(JSON.stringify(comfyApi), catalogue);
    expect(compact.warnings).toEqual([]);
    const plain = (source: typeof drawn) =>
      Object.fromEntries(Object.entries(toCompact(source.workflow)).map(([id, value]) => [id, { ...Object(value), _meta: undefined }]));
    expect(plain(drawn)).toEqual(plain(compact));
  });

  it('lays the API format out without overlaps and takes its drawing away again', () => {
    const { graph } = readGraph(comfyApi, catalogue);
    expect(toCompact(toWorkflow(graph, catalogue))).toEqual(toCompact(readWorkflow(comfyApi, catalogue).workflow));
  });

  it('skips the upload entry of LoadImage, and fills short lists from the defaults', () => {
    const load = comfyNode(1, 'LoadImage', { inputs: [], outputs: [], widgets: ['x.png', 'image'] });
    const sampler = comfyNode(2, 'KSampler', { inputs: [], outputs: [], widgets: [5, 'fixed', 7] });
    const mask = comfyNode(3, 'LoadImageMask', { inputs: [], outputs: [], widgets: ['x.png', 'red', 'image'] });
    const masked = { ...mask, id: 4, widgets_values: ['x.png', 'image', 'green'] };
    const { graph } = readGraph(graphOf([load, sampler, mask, masked]), catalogue);
    expect(node(graph, 3).properties).toMatchObject({ image: 'x.png', channel: 'red' });
    expect(node(graph, 4).properties).toMatchObject({ image: 'x.png', channel: 'green' });
    expect(node(graph, 1).properties).toMatchObject({ image: 'x.png' });
    expect(node(graph, 2).properties).toMatchObject({ seed: 5, control_after_generate: 'fixed', steps: 7, cfg: 8, denoise: 1 });
  });

  it('keeps seeds of 64 bits as digits in the file and exactly in the workflow', () => {
    const text = JSON.stringify(graphOf([comfyNode(1, 'RandomNoise', { inputs: [], outputs: [], widgets: [1, 'increment'] })]));
    const { graph } = readGraph(text.replace('"widgets_values":[1', '"widgets_values":[18446744073709551615'), catalogue);
    expect(node(graph, 1).properties).toMatchObject({ noise_seed: '18446744073709551615', control_after_generate: 'increment' });
    expect(toWorkflow(graph, catalogue).nodes.get('1')?.inputs.noise_seed).toEqual({ value: 18446744073709551615n });
  });

  it('reads a widget that was made an input: its place in the list stays, its wire arrives by name', () => {
    const width = comfyNode(1, 'PrimitiveNode', { inputs: [], outputs: [['INT', 'INT', [1]]], widgets: [640, 'fixed'] });
    const latent = comfyNode(2, 'EmptyLatentImage', {
      inputs: [['width', 'INT', 1]],
      outputs: [['LATENT', 'LATENT', []]],
      widgets: [512, 256, 3],
    });
    const { graph, warnings } = readGraph(graphOf([width, latent], [[1, 1, 0, 2, 0, 'INT']]), catalogue);
    expect(warnings).toEqual([]);
    expect(node(graph, 2).inputs).toEqual([{ name: 'width', type: 'INT', link: 1 }]);
    expect(node(graph, 2).properties).toMatchObject({ width: 512, height: 256, batch_size: 3 });
    const inputs = toWorkflow(graph, catalogue).nodes.get('2')?.inputs;
    expect(inputs).toEqual({ width: { value: 640 }, height: { value: 256 }, batch_size: { value: 3 } });
  });

  it('ignores the slots that newer pages write for every widget', () => {
    const latent = comfyNode(1, 'EmptyLatentImage', {
      inputs: [
        ['width', 'INT', null],
        ['height', 'INT', null],
      ],
      outputs: [],
      widgets: [512, 256, 3],
    });
    expect(node(readGraph(graphOf([latent]), catalogue).graph, 1).inputs).toEqual([]);
  });

  it('dissolves Reroutes, chained and loose, and leaves notes out', () => {
    const reroute = (id: number, from: number | null, to: number[]) =>
      comfyNode(id, 'Reroute', { inputs: [['', '*', from]], outputs: [['', 'IMAGE', to]], widgets: [] });
    const nodes = [
      comfyNode(1, 'EmptyImage', { inputs: [], outputs: [['IMAGE', 'IMAGE', [1]]], widgets: [] }),
      reroute(2, 1, [2]),
      reroute(3, 2, [3]),
      comfyNode(4, 'PreviewImage', { inputs: [['images', 'IMAGE', 3]], outputs: [], widgets: [] }),
      reroute(5, null, [4]),
      comfyNode(6, 'PreviewImage', { inputs: [['images', 'IMAGE', 4]], outputs: [], widgets: [] }),
      { ...comfyNode(7, 'MarkdownNote', { inputs: [], outputs: [], widgets: ['# Hello'] }), properties: { text: '' } },
    ];
    const links = [
      [1, 1, 0, 2, 0, '*'],
      [2, 2, 0, 3, 0, '*'],
      [3, 3, 0, 4, 0, 'IMAGE'],
      [4, 5, 0, 6, 0, 'IMAGE'],
    ];
    const { graph, warnings } = readGraph(graphOf(nodes, links), catalogue);
    expect(warnings).toEqual([]);
    expect(node(graph, 7)).toMatchObject({ type: 'diffusion/Note', properties: { text: '# Hello' } });
    const { nodes: left } = toWorkflow(graph, catalogue);
    expect([...left.keys()]).toEqual(['1', '4', '6']);
    expect(left.get('4')?.inputs).toEqual({ images: { link: { node: '1', output: 0 } } });
    expect(left.get('6')?.inputs).toEqual({});
  });

  it('keeps a muted Reroute, so that what hangs on it is known not to run', () => {
    const nodes = [
      comfyNode(1, 'EmptyImage', { inputs: [], outputs: [['IMAGE', 'IMAGE', [1]]], widgets: [] }),
      { ...comfyNode(2, 'Reroute', { inputs: [['', '*', 1]], outputs: [['', 'IMAGE', [2]]], widgets: [] }), mode: 2 },
      comfyNode(3, 'PreviewImage', { inputs: [['images', 'IMAGE', 2]], outputs: [], widgets: [] }),
    ];
    const links = [
      [1, 1, 0, 2, 0, '*'],
      [2, 2, 0, 3, 0, 'IMAGE'],
    ];
    const { skipped } = plan(readWorkflow(graphOf(nodes, links), catalogue).workflow, catalogue);
    expect(skipped).toContainEqual({ node: '3', reason: 'It needs Reroute (node 2), which is muted.' });
  });

  it('keeps muted and bypassed modes', () => {
    const nodes = [0, 2, 4, 1, 3].map((mode, id) => ({ ...comfyNode(id, 'EmptyImage', { inputs: [], outputs: [], widgets: [] }), mode }));
    const { workflow } = readWorkflow(graphOf(nodes), catalogue);
    expect([...workflow.nodes.values()].map(({ mode }) => mode)).toEqual(['always', 'mute', 'bypass', 'always', 'always']);
  });

  it('reads version 1, with links as objects', () => {
    const links = comfyDefault.links.map(([id, origin_id, origin_slot, target_id, target_slot, type]) => ({
      id,
      origin_id,
      origin_slot,
      target_id,
      target_slot,
      type,
    }));
    const one = { ...comfyDefault, version: 1, state: { lastNodeId: 9, lastLinkId: 9 }, links, reroutes: [] };
    expect(readGraph(one, catalogue)).toEqual(readGraph(comfyDefault, catalogue));
  });

  it('says that subgraphs are not supported', () => {
    const { warnings } = readGraph({ ...comfyDefault, definitions: { subgraphs: [{ id: 'x', name: 'Upscale' }] } }, catalogue);
    expect(warnings).toMatchObject([{ code: 'unknown-node-type', message: expect.stringContaining('“Upscale”') }]);
  });
});

describe('litegraph.js files', () => {
  it('reads typed arrays written as objects, and links held as an object', () => {
    const raw = {
      ...comfyNode(1, 'diffusion/EmptyImage', { inputs: [], outputs: [['IMAGE', 'IMAGE', [5]]], widgets: [] }),
      pos: { 0: 1.5, 1: -3, 2: 0, 3: 0 },
    };
    const preview = comfyNode(2, 'diffusion/PreviewImage', { inputs: [['images', 'IMAGE', 5]], outputs: [], widgets: [] });
    const { graph } = readGraph(
      { nodes: [raw, preview], links: { 5: { id: 5, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: 'IMAGE' } } },
      catalogue,
    );
    expect(node(graph, 1)).toMatchObject({ type: 'diffusion/EmptyImage', pos: [1.5, -3], size: [315, 262] });
    expect(graph.links).toEqual([[5, 1, 0, 2, 0, 'IMAGE']]);
  });

  it('takes values by name before values by position', () => {
    const raw = {
      ...comfyNode(1, 'diffusion/EmptyLatentImage', { inputs: [], outputs: [], widgets: [1, 2, 3] }),
      properties: { height: 72, width: 56 },
    };
    expect(node(readGraph(graphOf([raw]), catalogue).graph, 1).properties).toMatchObject({ width: 56, height: 72, batch_size: 3 });
  });

  it('matches slots by name, and by place only where no name fits', () => {
    const loader = comfyNode(1, 'CheckpointLoaderSimple', {
      inputs: [],
      outputs: [
        ['VAE', 'VAE', [2]],
        ['modell', 'MODEL', []],
        ['CLIP', 'CLIP', []],
      ],
      widgets: [],
    });
    const latent = comfyNode(2, 'EmptyLatentImage', { inputs: [], outputs: [['latents', 'LATENT', [1]]], widgets: [] });
    const decode = comfyNode(3, 'VAEDecode', {
      inputs: [
        ['vae', 'VAE', 2],
        ['old_name', 'LATENT', 1],
      ],
      outputs: [],
      widgets: [],
    });
    const links = [
      [1, 2, 0, 3, 1, 'LATENT'],
      [2, 1, 0, 3, 0, 'VAE'],
    ];
    const { graph, warnings } = readGraph(graphOf([loader, latent, decode], links), catalogue);
    expect(node(graph, 3).inputs).toEqual([
      { name: 'samples', type: 'LATENT', link: null },
      { name: 'vae', type: 'VAE', link: 2 },
    ]);
    expect(graph.links).toEqual([[2, 1, 2, 3, 1, 'VAE']]);
    expect(warnings).toMatchObject([{ code: 'bad-link', node: '3', message: expect.stringContaining('old_name') }]);
  });
});

describe('wires', () => {
  const source = (links: readonly number[]) =>
    comfyNode(1, 'EmptyImage', { inputs: [], outputs: [['IMAGE', 'IMAGE', links]], widgets: [] });
  const target = (link: number | null) => comfyNode(2, 'PreviewImage', { inputs: [['images', 'IMAGE', link]], outputs: [], widgets: [] });
  const wire = [1, 1, 0, 2, 0, 'IMAGE'];

  it.each([
    ['the output does not list it', graphOf([source([]), target(1)], [wire])],
    ['the input does not name it', graphOf([source([1]), target(null)], [wire])],
    ['the list lacks it', graphOf([source([1]), target(1)], [])],
    ['its target slot is stale', graphOf([source([1]), target(1)], [[1, 1, 0, 2, 7, 'IMAGE']])],
    ['its slots are texts', graphOf([source([1]), target(1)], [[1, 1, '0', 2, '0', 'IMAGE']])],
  ])('mends a wire where %s', (_, raw) => {
    const { graph, warnings } = readGraph(raw, catalogue);
    expect(warnings).toEqual([]);
    expect(graph.links).toEqual([[1, 1, 0, 2, 0, 'IMAGE']]);
    expect(node(graph, 1).outputs[0]?.links).toEqual([1]);
    expect(node(graph, 2).inputs[0]?.link).toBe(1);
  });

  it.each([
    ['a node that is not there', graphOf([source([1]), target(1)], [[1, 99, 0, 2, 0, 'IMAGE']])],
    ['an output that is not there', graphOf([source([1]), target(1)], [[1, 1, 5, 2, 0, 'IMAGE']])],
    ['an input that is not there', graphOf([source([1]), target(null)], [[1, 1, 0, 2, 5, 'IMAGE']])],
    ['nothing, named by an input', graphOf([source([]), target(55)], [])],
    ['null', graphOf([source([]), target(null)], [null])],
    ['a text', graphOf([source([]), target(null)], ['x'])],
  ])('drops a wire to %s, with a warning', (_, raw) => {
    const { graph, warnings } = readGraph(raw, catalogue);
    expect(warnings).toMatchObject([{ code: 'bad-link' }]);
    expect(graph.links).toEqual([]);
    expect(node(graph, 2).inputs[0]?.link).toBeNull();
    expect(node(graph, 1).outputs[0]?.links).toEqual([]);
  });

  it('keeps the wire that the input names when two claim it', () => {
    const second = { ...source([2]), id: 3 };
    const { graph, warnings } = readGraph(graphOf([source([1]), second, target(2)], [wire, [2, 3, 0, 2, 0, 'IMAGE']]), catalogue);
    expect(graph.links).toEqual([[2, 3, 0, 2, 0, 'IMAGE']]);
    expect(warnings).toHaveLength(1);
  });

  it('gives wires with the same or an unsafe id one of their own', () => {
    const targets = [2, 3].map((id) => ({ ...target(null), id }));
    const links = [
      ['__proto__', 1, 0, 2, 0, 'IMAGE'],
      [4294967290, 1, 0, 3, 0, 'IMAGE'],
    ];
    const { graph } = readGraph(graphOf([source([]), ...targets], links), catalogue);
    expect(graph.links.map(([id]) => id)).toEqual([1, 2]);
    expect(node(graph, 1).outputs[0]?.links).toEqual([1, 2]);
  });
});

describe('unknown types', () => {
  const raw = {
    ...comfyNode(5, 'FancySampler', {
      inputs: [
        ['thing', 'THING', null],
        ['pixels', 'IMAGE', 1],
      ],
      outputs: [['out', 'IMAGE', [2]]],
      widgets: ['a', 7, { deep: [1, null] }],
    }),
    title: 'My fancy one',
    mode: 0,
    color: '#332211',
  };
  const graph = graphOf(
    [
      comfyNode(1, 'EmptyImage', { inputs: [], outputs: [['IMAGE', 'IMAGE', [1]]], widgets: [] }),
      raw,
      comfyNode(9, 'PreviewImage', { inputs: [['images', 'IMAGE', 2]], outputs: [], widgets: [] }),
    ],
    [
      [1, 1, 0, 5, 1, 'IMAGE'],
      [2, 5, 0, 9, 0, 'IMAGE'],
    ],
  );

  it('stay as placeholders with slots, wires, values, title, colour and place, through a save', () => {
    const read = readGraph(graph, catalogue).graph;
    const again = readGraph(writeGraph(read), catalogue).graph;
    expect(again).toEqual(read);
    expect(node(again, 5)).toEqual({
      id: 5,
      type: 'FancySampler',
      title: 'My fancy one',
      pos: [500, 50],
      size: [315, 262],
      flags: {},
      order: 5,
      mode: 0,
      color: '#332211',
      inputs: [
        { name: 'thing', type: 'THING', link: null },
        { name: 'pixels', type: 'IMAGE', link: 1 },
      ],
      outputs: [{ name: 'out', type: 'IMAGE', links: [2] }],
      properties: { 'Node name for S&R': 'FancySampler', cnr_id: 'comfy-core', ver: '0.3.64' },
      widgets_values: ['a', 7, { deep: [1, null] }],
    });
  });

  it('of the compact form keep values and wires through the drawing and back', () => {
    const compact = {
      1: { class_type: 'Fancy', inputs: { a: 1.5, seed: 18446744073709551615n, from: ['2', 3] } },
      2: { class_type: 'Other', inputs: {} },
    };
    const { graph: drawn, warnings } = readGraph(compact, catalogue);
    expect(warnings).toEqual([]);
    expect(node(drawn, 2).outputs).toHaveLength(4);
    const back = toCompact(toWorkflow(drawn, catalogue));
    expect(back).toEqual({
      1: { class_type: 'Fancy', inputs: { a: 1.5, seed: '18446744073709551615', from: ['2', 3] } },
      2: { class_type: 'Other', inputs: {} },
    });
  });
});

describe('ids', () => {
  it('that come twice, or are unsafe, are replaced; wires follow', () => {
    const at = (id: unknown, link: number | null = null) => ({
      ...comfyNode(0, 'ImageInvert', { inputs: [['image', 'IMAGE', link]], outputs: [], widgets: [] }),
      id,
    });
    const { graph, warnings } = readGraph(
      graphOf(
        [at(1), at(1), at('abc'), at('__proto__'), at(-1, 1), at(2 ** 60), at(undefined), at('7'), at('12:5')],
        [[1, 1, 0, -1, 0, 'IMAGE']],
      ),
      catalogue,
    );
    expect(graph.nodes.map(({ id }) => id)).toEqual([1, 8, 'abc', 9, 10, 11, 12, 7, '12:5']);
    expect(warnings.map(({ code }) => code)).toEqual(['duplicate-id', 'bad-document', 'bad-document', 'bad-document', 'bad-document']);
    expect(graph.links).toEqual([[1, 1, 0, 10, 0, 'IMAGE']]);
    expect(graph.last_node_id).toBe(12);
  });
});

describe('extra', () => {
  it('keeps what is ours, stamps format and versions, and drops the rest', () => {
    const extra = {
      name: 'My graph',
      description: 'What it does.',
      notes: 'Look here.',
      fields: ['6.text', 'bad', 7, '3.seed', '3.seed'],
      ds: { scale: 2, offset: { 0: 5, 1: 6 } },
      evil: '<img>',
      frontendVersion: '1',
    };
    const { graph } = readGraph({ ...comfyDefault, extra }, catalogue);
    expect(graph.extra).toEqual({
      format: 1,
      name: 'My graph',
      description: 'What it does.',
      notes: 'Look here.',
      fields: ['6.text', '3.seed'],
      versions: expect.objectContaining({ KSampler: 1, SaveImage: 1 }),
      ds: { scale: 2, offset: [5, 6] },
    });
  });

  it('warns of other versions and newer formats', () => {
    const { warnings } = readGraph({ ...comfyDefault, extra: { format: 2, versions: { 'diffusion/KSampler': 9 } } }, catalogue);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('format 2'),
      expect.stringContaining('version 9 of KSampler'),
    ]);
  });
});
