import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphError } from '../../../nodes/kit/index.ts';
import { openSafetensors, readFloats } from '../../../server/engine/models/safetensors/file.ts';
import { elementBytes, headerLimits } from '../../../server/engine/models/safetensors/header.ts';
import { floats, safetensors, withHeader } from './safetensors-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function opened(bytes: Uint8Array) {
  const path = join(folder, 'file.safetensors');
  await writeFile(path, bytes);
  return openSafetensors(path);
}

async function refused(bytes: Uint8Array): Promise<string> {
  const thrown = await opened(bytes).catch((error: unknown) => error);
  if (!(thrown instanceof GraphError)) throw new Error(`Expected a GraphError, got ${String(thrown)}`);
  expect(thrown.code).toBe('bad-model');
  return thrown.message;
}

const entry = (range: readonly unknown[], shape: readonly unknown[] = [1], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: range,
});
const header = (entries: object): string => JSON.stringify(entries);

describe('a .safetensors file', () => {
  it('gives names, types, shapes, ranges and notes', async () => {
    const file = await opened(safetensors({ a: floats([2, 2], [1, 2, 3, 4]), b: floats([1], [5]) }, { format: 'pt' }));
    expect([...file.tensors.keys()]).toEqual(['a', 'b']);
    expect(file.tensors.get('a')).toMatchObject({ type: 'F32', shape: [2, 2], bytes: 16 });
    expect(file.metadata.get('format')).toBe('pt');
    const [a, b] = [...file.tensors.values()];
    if (a === undefined || b === undefined) throw new Error('two tensors were written');
    expect([...(await readFloats(a))]).toEqual([1, 2, 3, 4]);
    expect([...(await readFloats(a, { start: 1, count: 1 }))]).toEqual([3, 4]);
    expect([...(await readFloats(b))]).toEqual([5]);
  });

  it('reads half, brain and double floats as float32', async () => {
    const halves = { dtype: 'F16', shape: [2], data: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer) };
    const brain = { dtype: 'BF16', shape: [2], data: new Uint8Array(Uint16Array.of(0x3f80, 0xc040).buffer) };
    const doubles = { dtype: 'F64', shape: [1], data: new Uint8Array(Float64Array.of(0.5).buffer) };
    const { tensors } = await opened(safetensors({ halves, brain, doubles }));
    const values = await Promise.all([...tensors.values()].map((tensor) => readFloats(tensor)));
    expect(values.map((list) => [...list])).toEqual([[1, -2], [1, -3], [0.5]]);
  });

  it('gives back whatever was written', async () => {
    const types = fc.constantFrom(...Object.entries(elementBytes));
    const written = fc
      .record({ type: types, shape: fc.array(fc.nat({ max: 4 }), { maxLength: 4 }) })
      .map(({ type: [dtype, bytes], shape }) => ({ dtype, shape, data: new Uint8Array(shape.reduce((n, side) => n * side, bytes)) }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), written), async (tensors) => {
        const { __metadata__: _, ...named } = tensors;
        const file = await opened(safetensors(named));
        expect(new Set(file.tensors.keys())).toEqual(new Set(Object.keys(named)));
        for (const [name, { dtype, shape, data }] of Object.entries(named))
          expect(file.tensors.get(name)).toMatchObject({ type: dtype, shape, bytes: data.length });
      }),
      { numRuns: 50 },
    );
  });
});

describe('a hostile file', () => {
  it('is refused in a sentence when it is empty, cut short or something else', async () => {
    const whole = safetensors({ a: floats([4], [1, 2, 3, 4]) });
    expect(await refused(new Uint8Array())).toContain('too short');
    expect(await refused(whole.subarray(0, 20))).toContain('cut short');
    expect(await refused(whole.subarray(0, -1))).toMatch(/“a” ends 1 bytes after the end/);
    expect(await refused(new TextEncoder().encode('PK\u0003\u0004 a pickled checkpoint'))).toContain('is no .safetensors file');
    expect(await refused(withHeader('{'))).toContain('not JSON');
    expect(await refused(withHeader('[1]'))).toContain('no JSON object');
    const missing = await openSafetensors(join(folder, 'none.safetensors')).catch((error: unknown) => error);
    expect(missing).toMatchObject({ code: 'bad-model', message: expect.stringContaining('cannot be read') });
    expect(await openSafetensors(folder).catch((error: unknown) => error)).toMatchObject({ code: 'bad-model' });
  });

  it('is refused when its ranges lie: overlap, outside, backwards, 2^63, not whole, not its shape', async () => {
    const data = new Uint8Array(16);
    const one = async (made: unknown) => refused(withHeader(header({ x: made }), data));
    expect(await refused(withHeader(header({ x: entry([0, 8], [2]), y: entry([4, 8]) }), data))).toMatch(/“x” and “y” overlap/);
    expect(await one(entry([16, 20]))).toContain('after the end');
    expect(await one(entry([4, 0]))).toContain('bytes are given');
    expect(
      await refused(withHeader('{"x":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775808,9223372036854775812]}}', data)),
    ).toContain('no pair of offsets');
    expect(await refused(withHeader('{"x":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}', data))).toContain(
      'no shape',
    );
    expect(await one(entry([0, 4], [2 ** 30, 2 ** 30, 2 ** 30]))).toContain('bytes are given');
    expect(await one(entry([0.5, 4.5]))).toContain('no pair of offsets');
    expect(await one(entry([0, 4], [-1, -1]))).toContain('no shape');
    expect(await one(entry([0, 4], [1], 'F31'))).toContain('unknown element type');
    expect(await one(entry([0, 4], [1], 'toString'))).toContain('unknown element type');
    expect(await one(null)).toContain('not described');
  });

  it('is refused when it is made to cost memory: a huge header, a million tensors', async () => {
    const huge = new Uint8Array(16);
    new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
    expect(await refused(huge)).toContain(String(headerLimits.bytes));
    const many = Array.from({ length: 1e6 }, (_, i) => `"${i}":0`).join();
    expect(await refused(withHeader(`{${many}}`))).toContain('1000000 tensors');
  });

  it('never gives anything but a sentence or a sound header', async () => {
    const whole = safetensors({ a: floats([4], [1, 2, 3, 4]), b: floats([2, 1], [5, 6]) });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: whole.length }), async (at, byte, length) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = byte;
        const file = await opened(damaged.subarray(0, length)).catch((error: Error) => error);
        if (file instanceof Error) expect(file).toMatchObject({ name: 'GraphError', code: 'bad-model' });
        else for (const { offset, bytes } of file.tensors.values()) expect(offset + bytes).toBeLessThanOrEqual(length);
      }),
      { numRuns: 300 },
    );
  });

  it('is followed through a link to the real file', async () => {
    const path = join(folder, 'real.safetensors');
    await writeFile(path, safetensors({ a: floats([1], [1]) }));
    await symlink(path, join(folder, 'link.safetensors'));
    expect((await openSafetensors(join(folder, 'link.safetensors'))).path).toBe((await openSafetensors(path)).path);
  });
});
