import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { decodeShare, plan, readGraph, readWorkflow, stringifyJson, summarise, validate, writeGraph } from '../../workflows/index.ts';
import { limits } from '../../workflows/limits.ts';
import { catalogue, knownFiles } from './catalogue.ts';
import { failure } from './failure.ts';

/** A node of many faults, of which each case adds one. */
const node = (fault: object) => ({
  id: 1,
  type: 'KSampler',
  pos: [100, 100],
  size: [210, 300],
  flags: {},
  order: 0,
  mode: 0,
  inputs: [
    { name: 'model', type: 'MODEL', link: null },
    { name: 'latent_image', type: 'LATENT', link: null },
  ],
  outputs: [{ name: 'LATENT', type: 'LATENT', links: [] }],
  properties: {},
  widgets_values: [20, 'fixed', 7],
  ...fault,
});

const graph = (nodes: readonly unknown[], more: object = {}) => ({
  nodes,
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
  ...more,
});

const evil = '<img src=x onerror="window.pwned=1">';

const cases: Readonly<Record<string, unknown>> = {
  'methods in a node': graph([node({ onDrawForeground: 'x', computeSize: 5, getConnectionPos: 1, onConfigure: 'z' })]),
  'methods in the graph': graph([node({})], { add: 1, serialize: 'x', list_of_graphcanvas: [], getNodeById: 'no', config: 5 }),
  'a link with unsafe slots': graph([node({}), node({ id: 2 })], { links: [[1, 1, 7, 2, 9, 'MODEL']] }),
  'links that are not links': graph([node({})], { links: [null, 'x', {}, [1], 7, [[]]] }),
  'values of wrong kinds': graph([node({ widgets_values: [{ a: 1 }, 'NaN', null, { x: 2 }, []] })]),
  'values as text': graph([node({ widgets_values: 'abcdef' })]),
  'values by name': graph([node({ widgets_values: { steps: 4 } })]),
  'no id': graph([node({ id: undefined })]),
  'a huge id': graph([node({ id: 2 ** 53 + 2 })]),
  'null nodes': graph([null, 7, 'x', []]),
  'a position of texts': graph([node({ pos: ['a', null] })]),
  'a negative size': graph([node({ size: [-5, -5] })]),
  'a huge size': graph([node({ size: [1e9, 1e9], pos: [1e300, -1e300] })]),
  'a title that is an object': graph([node({ title: { a: 1 } })]),
  'inputs that are an object': graph([node({ inputs: { 0: 1 }, outputs: 7 })]),
  'null inputs': graph([node({ inputs: [null] })]),
  'flags and mode of wrong kinds': graph([node({ flags: 'x', mode: 99 })]),
  'colours with code': graph([node({ color: 'javascript:1', bgcolor: {} })]),
  'groups of wrong kinds': graph([node({})], {
    groups: [null, { title: evil, bounding: [0, 0, 'a'] }, { title: evil, bounding: [0, 0, 5, 5] }],
  }),
  'mark-up everywhere': graph([
    node({ type: evil, title: evil, inputs: [{ name: evil, type: evil, link: null }], properties: { [evil]: evil, a: { [evil]: 1 } } }),
    node({ properties: { [evil]: evil } }),
  ]),
  'types that are methods': graph(['constructor', '__proto__', 'toString', ''].map((type, id) => node({ id, type }))),
  'extra of wrong kinds': graph([], { extra: { fields: 5, ds: 'x', name: [], versions: { a: 'b' } } }),
  'a cycle': graph(
    [
      node({ inputs: [{ name: 'latent_image', type: 'LATENT', link: 2 }] }),
      node({ id: 2, inputs: [{ name: 'latent_image', type: 'LATENT', link: 1 }] }),
    ],
    {
      links: [
        [1, 1, 0, 2, 0, 'LATENT'],
        [2, 2, 0, 1, 0, 'LATENT'],
      ],
    },
  ),
};

describe.each(Object.entries(cases))('%s', (_, raw) => {
  const { graph: read } = readGraph(JSON.stringify(raw), catalogue);

  it('is rebuilt with allowed fields of the right kinds only', () => {
    expect(Object.keys(read)).toEqual(['last_node_id', 'last_link_id', 'nodes', 'links', 'groups', 'config', 'extra', 'version']);
    const allowed = /^(id|type|pos|size|flags|order|mode|inputs|outputs|title|color|bgcolor|properties|widgets_values)$/;
    for (const found of read.nodes) {
      expect(Object.keys(found).filter((name) => !allowed.test(name))).toEqual([]);
      expect([...found.pos, ...found.size].every((value) => Number.isFinite(value) && Math.abs(value) <= 1e7)).toBe(true);
      expect([...found.inputs, ...found.outputs].every(({ name, type }) => typeof name === 'string' && typeof type === 'string')).toBe(
        true,
      );
      expect(found.type in {}).toBe(false);
    }
    expect(read.config).toEqual({});
  });

  it('holds no mark-up where litegraph would show it as such', () => {
    const shown = read.nodes.flatMap((found) => [
      found.type,
      ...Object.keys(found.properties),
      ...found.inputs.flatMap(({ name, type }) => [name, type]),
      found.color ?? '',
    ]);
    expect(shown.filter((text) => /[<>"]/.test(text))).toEqual([]);
  });

  it('reads to itself', () => {
    expect(readGraph(writeGraph(read), catalogue)).toEqual({ graph: read, warnings: [] });
  });
});

describe('what is refused', () => {
  it.each([
    ['a list', []],
    ['nothing', {}],
    ['nodes that are no list', { nodes: { a: 1 } }],
    ['null', null],
    ['a number', 7],
    ['text', 'x'],
    ['compact nodes without class_type', { 1: { inputs: {} } }],
  ])('%s', (_, raw) => {
    const error = failure(() => readWorkflow(JSON.stringify(raw), catalogue));
    expect(error.code).toBe('bad-document');
    expect(error.message).toMatch(/^This is not a workflow\. Expected .* got .*\./);
  });

  it('too many nodes, wires and a million nodes, quickly', () => {
    const many = (count: number) => graph(Array.from({ length: count }, () => ({})));
    expect(failure(() => readGraph(many(limits.nodes + 1), catalogue)).code).toBe('too-large');
    expect(failure(() => readGraph(graph([], { links: Array.from({ length: limits.links + 1 }, () => null) }), catalogue)).code).toBe(
      'too-large',
    );
    expect(failure(() => readGraph(`{"nodes":[${'{},'.repeat(999_999)}{}]}`, catalogue)).code).toBe('too-large');
    const compact = `{${Array.from({ length: limits.nodes + 1 }, (_, id) => `"${id}":{"class_type":"A"}`).join(',')}}`;
    expect(failure(() => readWorkflow(compact, catalogue)).code).toBe('too-large');
  });
});

describe('prototypes', () => {
  const poison = ['__proto__', 'constructor', 'prototype']
    .map((name) => `"${name}":{"polluted":1,"prototype":{"polluted":1},"__proto__":{"polluted":1}}`)
    .join(',');

  it('are never reached, from any depth of a saved graph', () => {
    const text = JSON.stringify(graph([node({ id: 'AT' })], { groups: [{ bounding: [0, 0, 9, 9] }] }))
      .replaceAll('{"', `{${poison},"`)
      .replaceAll('{}', `{${poison}}`);
    const { graph: read } = readGraph(text, catalogue);
    expect(read.nodes).toHaveLength(1);
    expect(writeGraph(read)).not.toContain('polluted');
    expect('polluted' in {}).toBe(false);
    expect('polluted' in Object).toBe(false);
    expect(Object.getPrototypeOf(read.nodes[0]?.properties)).toBe(Object.prototype);
  });

  it('are never reached from the compact form', () => {
    const text = `{${poison},"1":{"class_type":"KSampler","inputs":{${poison},"seed":3},${poison}}}`;
    const { workflow } = readWorkflow(text, catalogue);
    expect([...workflow.nodes.keys()]).toEqual(['1']);
    expect(Object.keys(workflow.nodes.get('1')?.inputs ?? {})).toEqual(['seed']);
    expect('polluted' in {}).toBe(false);
  });
});

describe('any JSON at all', () => {
  const names = fc.constantFrom(
    'nodes',
    'links',
    'id',
    'type',
    'class_type',
    'inputs',
    'outputs',
    'link',
    'name',
    'properties',
    'widgets_values',
    'mode',
    '__proto__',
    'pos',
    'extra',
    '1',
  );
  const leaves = fc.oneof(
    fc.constantFrom('KSampler', 'SaveImage', 'Reroute', 'seed', 'images', '1', 1, 2, 4, 0, null, true, -1, 1e300),
    fc.string({ maxLength: 5 }),
    fc.double(),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaves,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(names, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const link = fc.array(fc.nat(4), { minLength: 5, maxLength: 6 });
  const anyNode = fc.record({
    id: fc.oneof(fc.nat(4), value),
    type: fc.oneof(fc.constantFrom(...catalogue.keys(), 'Unknown'), value),
    mode: fc.constantFrom(0, 2, 4, 9),
    inputs: fc.oneof(
      fc.array(
        fc.record({
          name: fc.oneof(fc.constantFrom('images', 'model', 'samples', ''), value),
          link: fc.oneof(fc.nat(4), fc.constant(null)),
        }),
      ),
      value,
    ),
    outputs: fc.oneof(fc.array(fc.record({ name: fc.constantFrom('IMAGE', 'out'), links: fc.array(fc.nat(4)) })), value),
    properties: value,
    widgets_values: value,
    pos: value,
  });
  const anyGraph = fc.record({
    nodes: fc.array(anyNode, { maxLength: 6 }),
    links: fc.array(fc.oneof(link, value), { maxLength: 8 }),
    groups: value,
    extra: value,
  });
  const anyCompact = fc.dictionary(
    fc.oneof(fc.nat(4).map(String), fc.string({ maxLength: 3 })),
    fc.record({
      class_type: fc.constantFrom(...catalogue.keys(), 'Unknown'),
      inputs: fc.dictionary(
        fc.constantFrom('images', 'image', 'model', 'seed', 'value'),
        fc.oneof(fc.tuple(fc.nat(4).map(String), fc.nat(2)), value),
      ),
    }),
    { minKeys: 1, maxKeys: 6 },
  );

  it('throws nothing but GraphError, and what is read reads to itself', () => {
    fc.assert(
      fc.property(fc.oneof(value, anyGraph, anyCompact), (raw) => {
        try {
          const { graph: read } = readGraph(stringifyJson(raw), catalogue);
          expect(readGraph(writeGraph(read), catalogue)).toEqual({ graph: read, warnings: [] });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GraphError);
        }
        expect('polluted' in {}).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('can be checked, planned and summarised once it is read; tasks come after what they need', () => {
    fc.assert(
      fc.property(fc.oneof(anyGraph, anyCompact), (raw) => {
        const { workflow } = readWorkflow(raw, catalogue);
        const problems = validate(workflow, catalogue);
        const { tasks, problems: same } = plan(workflow, catalogue);
        expect(same).toEqual(problems);
        const done = new Set<string>();
        for (const task of tasks) {
          for (const input of Object.values(task.inputs)) if ('from' in input) expect(done.has(input.from)).toBe(true);
          done.add(task.id);
        }
        if (problems.length === 0) expect(tasks.length).toBeGreaterThan(0);
        summarise(workflow, catalogue, knownFiles);
      }),
      { numRuns: 300 },
    );
  });

  it('cannot come through a link either', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (text) => {
        await expect(decodeShare(text, catalogue)).rejects.toBeInstanceOf(GraphError);
      }),
    );
  });
});
