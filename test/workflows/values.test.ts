import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { applyFixedSeeds, readGraph, readWorkflow, rollSeeds, setValue, toWorkflow } from '../../workflows/index.ts';
import { catalogue } from './catalogue.ts';
import { failure } from './failure.ts';
import { comfyApi, comfyDefault, comfyNode } from './sample-graphs.ts';

describe('setValue', () => {
  const drawn = readWorkflow(comfyDefault, catalogue);
  const compact = readWorkflow(comfyApi, catalogue);
  const input = (source: { workflow: typeof drawn.workflow }, id: string, port: string) => source.workflow.nodes.get(id)?.inputs[port];

  it('sets by id, in the workflow and in its drawing, and leaves the source alone', () => {
    const changed = setValue(drawn, '6.text=red = apple. ', catalogue);
    expect(input(changed, '6', 'text')).toEqual({ value: 'red = apple. ' });
    expect(changed.graph?.nodes.find(({ id }) => id === 6)?.properties.text).toBe('red = apple. ');
    expect(input(drawn, '6', 'text')).toEqual({ value: 'a bottle' });
  });

  it('sets by title, exactly or in any case, and by a type that only one node has', () => {
    expect(input(setValue(compact, 'load checkpoint.ckpt_name=other.safetensors', catalogue), '4', 'ckpt_name')).toEqual({
      value: 'other.safetensors',
    });
    expect(input(setValue(compact, 'emptylatentimage.width=128', catalogue), '5', 'width')).toEqual({ value: 128 });
    const dotted = readWorkflow({ 1: { class_type: 'EmptyImage', _meta: { title: 'v1.5 image' } } }, catalogue);
    expect(input(setValue(dotted, 'v1.5 image.width=32', catalogue), '1', 'width')).toEqual({ value: 32 });
  });

  it('keeps seeds exactly', () => {
    expect(input(setValue(drawn, '3.seed=18446744073709551615', catalogue), '3', 'seed')).toEqual({ value: 18446744073709551615n });
  });

  it.each([
    ['nonsense', 'bad-value', 'node.field=value'],
    ['3.sed=1', 'unknown-port', 'Did you mean “seed”'],
    ['3.model=x', 'wrong-type', 'takes a wire'],
    ['3.cfg=banana', 'bad-value', 'KSampler (node 3), “cfg”'],
    ['3.steps=0', 'out-of-range', 'from 1 to 10000'],
    ['33.steps=1', 'unknown-node', 'no node “33”'],
    ['CLIPTextEncode.text=x', 'unknown-node', '7, 6'],
    ['3.sampler_name=eul', 'not-in-list', '“euler”'],
    ['4.ckpt_name=none.safetensors', 'missing-model', 'models folder'],
    ['9.filename_prefix=../up', 'bad-path', 'is not allowed'],
    ['9.filename_prefix=a/.hidden', 'bad-path', 'begins with a dot'],
  ])('refuses %s: %s', (assignment, code, words) => {
    const error = failure(() => setValue(drawn, assignment, catalogue));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('sets or refuses whatever is written, with nothing but GraphError', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('3', 'KSampler', 'seed', 'steps', '__proto__', 'constructor', ''));
    fc.assert(
      fc.property(word, word, word, (node, field, value) => {
        for (const assignment of [`${node}.${field}=${value}`, node]) {
          try {
            expect(setValue(drawn, assignment, catalogue).workflow.nodes.size).toBe(drawn.workflow.nodes.size);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(GraphError);
          }
        }
      }),
    );
  });

  it('takes a wire into the field away, and keeps the other wires in place', () => {
    const primitive = (id: number, link: number) =>
      comfyNode(id, 'PrimitiveNode', { inputs: [], outputs: [['INT', 'INT', [link]]], widgets: [32, 'fixed'] });
    const image = comfyNode(3, 'EmptyImage', {
      inputs: [
        ['width', 'INT', 1],
        ['height', 'INT', 2],
      ],
      outputs: [],
      widgets: [],
    });
    const links = [
      [1, 1, 0, 3, 0, 'INT'],
      [2, 2, 0, 3, 1, 'INT'],
    ];
    const source = readWorkflow({ nodes: [primitive(1, 1), primitive(2, 2), image], links }, catalogue);
    const changed = setValue(source, '3.width=48', catalogue);
    expect(changed.workflow.nodes.get('3')?.inputs).toMatchObject({ width: { value: 48 }, height: { value: 32 } });
    expect(changed.graph?.links).toEqual([[2, 2, 0, 3, 0, 'INT']]);
    expect(changed.graph && readGraph(changed.graph, catalogue).graph).toEqual({ ...changed.graph, last_link_id: 2 });
    expect(input(setValue(source, '1.value=64', catalogue), '3', 'width')).toEqual({ value: 64 });
  });
});

describe('seeds', () => {
  const graph = (control: string, seed: number | string, link: number | null = null) =>
    readGraph(
      {
        nodes: [
          {
            ...comfyNode(1, 'KSampler', { inputs: [['seed', 'INT', link]], outputs: [], widgets: [] }),
            properties: { seed, control_after_generate: control },
          },
          comfyNode(2, 'PrimitiveNode', { inputs: [], outputs: [['INT', 'INT', link === null ? [] : [link]]], widgets: [7, control] }),
        ],
        links: link === null ? [] : [[link, 2, 0, 1, 0, 'INT']],
      },
      catalogue,
    ).graph;
  const seedAfter = (control: string, seed: number | string) =>
    toWorkflow(
      rollSeeds(graph(control, seed), catalogue, () => 2n ** 64n + 2n ** 60n),
      catalogue,
    ).nodes.get('1')?.inputs.seed;

  it('move on as their control says, without rounding, round the ends', () => {
    expect(seedAfter('fixed', 5)).toEqual({ value: 5 });
    expect(seedAfter('randomize', 5)).toEqual({ value: 2n ** 60n });
    expect(seedAfter('increment', '9007199254740993')).toEqual({ value: 9007199254740994n });
    expect(seedAfter('increment', '18446744073709551615')).toEqual({ value: 0 });
    expect(seedAfter('decrement', 0)).toEqual({ value: 18446744073709551615n });
    expect(seedAfter('nonsense', 5)).toEqual({ value: 5 });
  });

  it('that come by wire move where they come from', () => {
    const rolled = rollSeeds(graph('increment', 5, 1), catalogue, () => 0n);
    expect(rolled.nodes.map(({ properties }) => [properties.seed, properties.value])).toEqual([
      [5, undefined],
      [undefined, 8],
    ]);
  });

  it('are held by applyFixedSeeds', () => {
    const held = applyFixedSeeds(graph('randomize', 5));
    expect(rollSeeds(held, catalogue, () => 1n)).toEqual(held);
    expect(held.nodes[0]?.properties).toMatchObject({ seed: 5, control_after_generate: 'fixed' });
  });
});
