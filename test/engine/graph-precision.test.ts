import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf, type Tensor } from '../../nodes/kit/index.ts';
import { readOperators } from '../../server/doctor/operators.ts';
import { convertPrecision } from '../../server/engine/models/graph-precision.ts';
import { inferTypes } from '../../server/engine/models/graph-types.ts';
import { NetworkShelf } from '../../server/engine/models/network-shelf.ts';
import { openRuntime, type ProfiledRuntime } from '../../server/engine/models/onnx.ts';
import { elementType, readModel } from '../../server/engine/models/onnx-graph.ts';
import { probeModel } from '../../server/engine/models/probe.ts';

const embedded = join(import.meta.dirname, '../../models/tiny-emoji');
const file = (part: string): string => join(embedded, part, 'model.onnx');
const ramp = (dims: readonly number[]): Tensor => ({
  dims,
  data: Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i * 1.7)),
});
const inputs: Readonly<Record<string, Readonly<Record<string, Tensor>>>> = {
  unet: { sample: ramp([2, 4, 16, 16]), timestep: { dims: [1], data: Float32Array.of(777) }, encoder_hidden_states: ramp([2, 24, 192]) },
  text_encoder: { input_ids: { dims: [1, 24], data: Float32Array.from({ length: 24 }, (_, i) => i * 7) } },
  vae_decoder: { latent_sample: ramp([1, 4, 16, 16]) },
  vae_encoder: { sample: ramp([1, 3, 64, 64]) },
};

let runtime: ProfiledRuntime;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'precision-'));
  runtime = await openRuntime('cpu');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a network in another precision', () => {
  it.each(Object.keys(inputs))('%s keeps its ports, and its results within what fp16 can do', async (part) => {
    const feeds = inputs[part] ?? {};
    const results: Float32Array[] = [];
    for (const precision of [undefined, 'fp32', 'fp16', 'int8'] as const) {
      const session = await runtime.open(file(part), precision);
      expect(session.inputs.every(({ type }) => type !== 'float16')).toBe(true);
      const named = Object.fromEntries(session.inputs.map(({ name }, i) => [name, feeds[name] ?? Object.values(feeds)[i] ?? ramp([1])]));
      results.push([...(await session.run(named)).values()][0]?.data ?? new Float32Array());
      await session.release();
    }
    const [stored = new Float32Array(), full = new Float32Array(), half = new Float32Array(), eighth = new Float32Array()] = results;
    const largest = stored.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const distance = (other: Float32Array): number =>
      stored.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? Number.NaN))), 0) / largest;
    expect(distance(full)).toBeLessThan(1e-6);
    expect(distance(half)).toBeGreaterThan(0);
    expect(distance(half)).toBeLessThan(2e-3);
    // Only what runs at each step computes in 8 bits.
    if (part === 'unet') expect(distance(eighth)).toBeGreaterThan(0);
    expect(distance(eighth)).toBeLessThan(part === 'unet' ? 1e-2 : 1e-6);
  });

  it('computes in fp16 all but the sines of the time step', async () => {
    const changed = convertPrecision(await readFile(file('unet')), 'fp16');
    if (changed === undefined) throw new Error('not converted');
    const graph = readModel(changed);
    const types = inferTypes(graph);
    const typesOf = (op: string) =>
      new Set(graph.nodes.filter((node) => node.op === op).flatMap(({ inputs: names }) => names.map((name) => types.get(name))));
    expect(typesOf('Conv')).toEqual(new Set([elementType.float16]));
    expect(typesOf('MatMul')).toEqual(new Set([elementType.float16]));
    expect(typesOf('Sin')).toEqual(new Set([elementType.float]));
    expect(typesOf('Cos')).toEqual(new Set([elementType.float]));
  });

  it('multiplies in 8 bits in all linear layers of a U-Net but those for the time step', async () => {
    const changed = convertPrecision(await readFile(file('unet')), 'int8');
    if (changed === undefined) throw new Error('not converted');
    const { nodes } = readModel(changed);
    const before = readModel(await readFile(file('unet'))).nodes;
    const number = (all: typeof nodes, op: string): number => all.filter((node) => node.op === op).length;
    expect(number(nodes, 'DynamicQuantizeMatMul')).toBeGreaterThan(20);
    expect(number(nodes, 'DynamicQuantizeMatMul') + number(nodes, 'MatMul')).toBe(number(before, 'MatMul'));
    expect([number(nodes, 'Gemm'), number(nodes, 'Conv')]).toEqual([number(before, 'Gemm'), number(before, 'Conv')]);
    // What follows from the weights is computed when the network is loaded, not at each step.
    const eight = await openRuntime('cpu', { precision: 'int8' });
    const sides = { batch: 1, height: 8, width: 8 };
    const { counts } = readOperators(await eight.profile(file('unet'), { prefix: join(folder, 'int8'), sides }), 'CPUExecutionProvider');
    expect(counts.find(({ operator }) => operator === 'DynamicQuantizeMatMul')?.count).toBeGreaterThan(20);
    expect(counts.some(({ operator }) => operator === 'QuantizeLinear')).toBe(false);
  });

  it('in 8 bits is told of what computes so, and of nothing else', async () => {
    const shelf = new NetworkShelf(await openRuntime('cpu', { precision: 'int8' }));
    for (const part of ['unet', 'vae_decoder'])
      await shelf.open(file(part), { title: { kind: 'checkpoints', model: 'tiny-emoji', part, loras: [] } });
    expect(shelf.loaded.map(({ part, precision }) => [part, precision])).toEqual([
      ['unet', 'int8'],
      ['vae_decoder', 'fp32'],
    ]);
    await shelf.unload();
  });

  it('is left as it is where there is nothing to change, and refused where it is no network', async () => {
    expect(convertPrecision(probeModel(), 'fp32')).toBeUndefined();
    expect(convertPrecision(probeModel(), 'fp16')).toBeInstanceOf(Uint8Array);
    expect(convertPrecision(new Uint8Array(), 'fp16')).toBeUndefined();
    expect(() => convertPrecision(new TextEncoder().encode('this is no network at all'), 'fp16')).toThrow(RangeError);
  });
});

describe('operators of a profiled run', () => {
  it('are counted by provider', async () => {
    const profile = await runtime.profile(file('vae_decoder'), { prefix: join(folder, 'run'), sides: { batch: 1, height: 8, width: 8 } });
    const { counts, fallback } = readOperators(profile, 'CPUExecutionProvider');
    expect(counts.find(({ operator }) => operator === 'Conv')).toMatchObject({
      provider: 'CPUExecutionProvider',
      count: expect.any(Number),
    });
    expect(fallback).toEqual([]);
  });

  it('that the CPU took over are named, shapes left aside', () => {
    const node = (op_name: string, provider: string, output_size: number) => ({
      cat: 'Node',
      args: { op_name, provider: `${provider}ExecutionProvider`, output_size: String(output_size) },
    });
    const profile = JSON.stringify([
      { cat: 'Session', args: {} },
      node('Conv', 'CUDA', 1e6),
      node('Conv', 'CUDA', 1e6),
      node('MemcpyToHost', 'CUDA', 1e6),
      node('Shape', 'CPU', 32),
      node('GridSample', 'CPU', 1e6),
      node('Einsum', 'CPU', 5000),
      { cat: 'Node', name: 'fence_before', args: { op_name: 'Conv' } },
    ]);
    const { counts, fallback } = readOperators(profile, 'CUDAExecutionProvider');
    expect(fallback).toEqual(['Einsum', 'GridSample']);
    expect(counts).toContainEqual({ operator: 'Conv', provider: 'CUDAExecutionProvider', count: 2 });
    expect(readOperators(profile, 'CPUExecutionProvider').fallback).toEqual([]);
  });
});
