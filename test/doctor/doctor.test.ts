import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as DoctorModule from '../../server/doctor/doctor.ts';
import { checkPort } from '../../server/doctor/places.ts';
import { providerCheck } from '../../server/doctor/provider.ts';
import { checkNode, checkPackage } from '../../server/doctor/software.ts';
import { FakeMachine, smallSet } from '../cuda/fake-machine.ts';
import { Program, root } from '../server/program.ts';

const runtime = join(root, 'node_modules/onnxruntime-node/bin/napi-v6', process.platform, process.arch);
let examine: typeof DoctorModule.examine;
let machine: FakeMachine;
let data: string;
beforeAll(async () => {
  // The compiled one: it starts compiled processes.
  ({ examine } = (await import(pathToFileURL(join(root, 'dist/server/doctor/doctor.js')).href)) as typeof DoctorModule);
  data = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => rm(machine.root, { recursive: true, force: true }));

/** What the doctor finds on a fake machine with the real ONNX Runtime, by the name of the check. */
async function found(device: string) {
  const { ok, checks } = await examine({
    machine: { root: machine.root, env: machine.env, runtime },
    platform: 'linux',
    arch: 'x64',
    device,
    precision: 'auto',
    models: { folder: join(data, 'models'), isDefault: true },
    data,
    port: 1,
    set: smallSet,
  });
  return {
    ok,
    ...Object.fromEntries(checks.map(({ name, state, found: text, remedy = '' }) => [name, `${state}: ${text} → ${remedy}`])),
  } as Record<string, unknown>;
}

describe('doctor', () => {
  it('finds nothing wrong on a machine with a CPU only, and runs a network there', async () => {
    const program = new Program('doctor', '--json', '--data', data, '--device', 'cpu', '--port', '0');
    const { code, output } = await program.ended();
    const { ok, checks, sessions } = JSON.parse(output);
    expect(checks.filter(({ state }: { state: string }) => state === 'problem')).toEqual([]);
    expect([code, ok]).toEqual([0, true]);
    const cpu = sessions.find(({ device }: { device: string }) => device === 'cpu');
    expect(cpu.answer).toMatchObject({ type: 'worked', provider: 'CPUExecutionProvider', fallback: [] });
    expect(cpu.answer.counts.find(({ operator }: { operator: string }) => operator === 'Conv').count).toBeGreaterThan(10);
  });

  it('names what is missing for CUDA, and the command that mends it', async () => {
    const result = await found('cuda');
    expect(result).toMatchObject({
      ok: false,
      'NVIDIA driver': expect.stringMatching(/^problem: No NVIDIA driver.*→ Install NVIDIA's driver 580/),
      'CUDA provider': expect.stringMatching(/^problem: .*→ Run: npx litegraph-diffusion install-cuda/),
      'CUDA libraries': expect.stringMatching(/^problem: .*libcublas.so.13/),
      'session on CPU': expect.stringMatching(/^ok: /),
    });
    expect(result['session on CUDA']).toBeUndefined();
  });

  it('takes a GPU without CUDA for a problem, and a machine without a GPU for none', async () => {
    expect(await found('auto')).toMatchObject({ 'NVIDIA driver': expect.stringMatching(/^note: .*run on the CPU/) });
    await machine.driver('580.95.05');
    expect(await found('auto')).toMatchObject({
      ok: false,
      'NVIDIA driver': expect.stringMatching(/^ok: /),
      'CUDA provider': expect.stringMatching(/^problem: /),
    });
    expect(await found('cpu')).toMatchObject({ 'CUDA provider': expect.stringMatching(/^note: .*install-cuda/) });
  });

  it('prints a table with the remedy beneath, and fails', async () => {
    const program = new Program('doctor', '--data', data, '--device', 'cuda', '--port', '0');
    const { code, output } = await program.ended();
    expect(code).toBe(1);
    expect(output).toMatch(/problem {2}NVIDIA driver .*\n\s+→ Install|ok .*NVIDIA driver/);
    expect(output).toContain('Operators of one run on cpu: ');
  });
});

describe('single checks', () => {
  it('know an old Node, a foreign onnxruntime-node, and one that is not there', async () => {
    await writeFile(
      join(machine.root, 'package.json'),
      JSON.stringify({ version: '1.0.0', engines: { node: '>=20.20' }, dependencies: { 'onnxruntime-node': '1.30.0' } }),
    );
    expect(await checkNode(machine.root, '20.19.5')).toMatchObject({ state: 'problem', remedy: expect.stringContaining('20.20') });
    expect(await checkNode(machine.root, '22.1.0')).toMatchObject({ state: 'ok' });
    expect(await checkPackage(machine.root, machine)).toMatchObject({
      state: 'problem',
      found: 'onnxruntime-node is not installed.',
      remedy: 'Run: npm ci',
    });
    await machine.write('node_modules/onnxruntime-node/package.json', JSON.stringify({ version: '1.29.0' }));
    expect(await checkPackage(machine.root, machine)).toMatchObject({
      state: 'problem',
      found: expect.stringContaining('is 1.29.0, and 1.30.0 is needed'),
    });
    await machine.write('node_modules/onnxruntime-node/package.json', JSON.stringify({ version: '1.30.0' }));
    expect(await checkPackage(machine.root, machine)).toMatchObject({ state: 'problem', found: expect.stringContaining('has no library') });
    await cp(join(runtime, 'onnxruntime_binding.node'), join(machine.runtime, 'onnxruntime_binding.node'));
    expect(await checkPackage(machine.root, machine)).toMatchObject({ state: 'ok' });
    expect(await checkPackage(machine.root, machine, { ...smallSet, onnxruntime: '1.31.0' })).toMatchObject({ state: 'problem' });
  });

  it('tell a port in use by us, with its queue, from one in use by others', async () => {
    const health = {
      version: '0.1.0',
      devices: [{ device: 'cpu', provider: 'CPUExecutionProvider', state: 'ready' }],
      jobs: { waiting: 3, running: 1 },
    };
    let body = JSON.stringify(health);
    const server = createServer((_, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await checkPort(port)).toMatchObject([
      { state: 'ok', found: expect.stringContaining('cpu (CPUExecutionProvider, ready)') },
      { name: 'queue', found: '1 running, 3 waiting' },
    ]);
    body = 'hello';
    expect(await checkPort(port)).toMatchObject([{ state: 'problem', remedy: `Start with another one: --port ${port + 1}` }]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('call a silent run on the CPU a problem, by the names of its operators', () => {
    const worked = {
      type: 'worked',
      provider: 'CUDAExecutionProvider',
      title: 'NVIDIA H100',
      counts: [{ operator: 'Conv', provider: 'CUDAExecutionProvider', count: 9 }],
    } as const;
    expect(providerCheck('cuda:0', { answer: { ...worked, fallback: [] }, wanted: true })).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('NVIDIA H100: 9 operators on CUDAExecutionProvider'),
    });
    expect(providerCheck('cuda:0', { answer: { ...worked, fallback: ['GridSample'] }, wanted: true })).toMatchObject({
      state: 'problem',
      found: expect.stringContaining('silently ran GridSample'),
    });
    expect(providerCheck('webgpu', { answer: { type: 'failed', reason: 'No adapter' }, wanted: false })).toMatchObject({ state: 'note' });
    expect(
      providerCheck('webgpu', { answer: { ...worked, provider: 'WebGpuExecutionProvider', fallback: [] }, wanted: true }).found,
    ).toContain('has not tested');
  });
});
