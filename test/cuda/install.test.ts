import { mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { type InstallOptions, installCuda, removeCuda } from '../../server/cuda/install.ts';
import { packageIndexes } from '../../server/cuda/pip-settings.ts';
import { FakeIndex, setOf, wheel } from './fake-index.ts';
import { elf, FakeMachine } from './fake-machine.ts';

const core = wheel('onnxruntime-gpu', { library: 'libonnxruntime_providers_cuda.so' });
const cudnn = wheel('nvidia-cudnn', { library: 'libcudnn.so.9' });
const wheels = [core, cudnn];

let machine: FakeMachine;
let index: FakeIndex;
let said: string[];
beforeEach(async () => {
  machine = await FakeMachine.make();
  index = await FakeIndex.start(wheels);
  said = [];
});
afterEach(async () => {
  await index.close();
  await rm(machine.root, { recursive: true, force: true });
});

const install = (changes: Partial<InstallOptions> = {}): Promise<string> =>
  installCuda({
    set: setOf(wheels),
    machine,
    ignoreSystem: false,
    indexUrl: index.url,
    say: (text) => said.push(text),
    progress: () => undefined,
    ...changes,
  });
const lib = (): string => join(machine.root, 'cuda/1.30.0/lib');
const refusal = async (work: Promise<unknown>): Promise<GraphError> => {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof GraphError)) throw new Error(`Expected a GraphError, got ${String(thrown)}`);
  return thrown;
};
const files = (): string[] => index.requests.filter((path) => path.startsWith('/files/'));

describe('install-cuda', () => {
  it('unpacks only the libraries, links cuDNN, leaves nothing else behind, and does nothing the second time', async () => {
    expect(await install()).toBe(join(machine.root, 'cuda/1.30.0'));
    expect((await readdir(lib())).sort()).toEqual(['libcudnn.so', 'libcudnn.so.9', 'libonnxruntime_providers_cuda.so']);
    expect((await stat(join(lib(), 'libcudnn.so.9'))).size).toBe(50_000);
    expect(await readlink(join(lib(), 'libcudnn.so'))).toBe('libcudnn.so.9');
    expect(await readdir(join(machine.root, 'cuda'))).toEqual(['1.30.0']);
    index.requests.length = 0;
    await install();
    expect(index.requests).toEqual([]);
    expect(said.at(-1)).toContain('installed already');
  });

  it('goes on where a connection was cut, and starts a file again where the server cannot', async () => {
    const progress = (): void => index.cut();
    index.behaviour = { cutAfter: 20_000 };
    await install({ progress });
    const asked = files();
    expect(asked).toHaveLength(4);
    expect(asked[1]).toMatch(/ bytes=\d+-$/);
    await removeCuda(machine);
    index.requests.length = 0;
    await index.close();
    index = await FakeIndex.start(wheels);
    index.behaviour = { cutAfter: 20_000, noRange: true };
    await install({ progress });
    expect((await stat(join(lib(), 'libcudnn.so.9'))).size).toBe(50_000);
  });

  it('goes through the proxy that the environment names, and past it where NO_PROXY says so', async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push(request.url ?? '');
      const [host = '', port] = (request.url ?? '').split(':');
      const target = connect(Number(port), host, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
      target.pipe(socket).pipe(target);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    machine.env.HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await install();
    expect(tunnels).toContain(new URL(index.url).host);
    await removeCuda(machine);
    tunnels.length = 0;
    machine.env.NO_PROXY = '127.0.0.1';
    await install();
    expect(tunnels).toEqual([]);
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('goes on with an interrupted installation without fetching again what was unpacked', async () => {
    index.replace(cudnn.pinned.file, new Uint8Array());
    const error = await refusal(install());
    expect(error.message).toMatch(/nvidia-cudnn.*could not be fetched.*run the command again/i);
    expect((await readdir(join(machine.root, 'cuda'))).filter((name) => !name.startsWith('.'))).toEqual([]);
    index.replace(cudnn.pinned.file, cudnn.bytes);
    index.requests.length = 0;
    await install();
    expect(files()).toEqual([`/files/${cudnn.pinned.file}`]);
  });

  it('refuses and deletes a file with another content', async () => {
    index.replace(
      cudnn.pinned.file,
      cudnn.bytes.map((byte, i) => (i === 1000 ? byte ^ 1 : byte)),
    );
    const error = await refusal(install());
    expect([error.code, error.message]).toEqual(['not-allowed', expect.stringContaining('SHA-256')]);
    expect((await readdir(join(machine.root, 'cuda/.unfinished-1.30.0'))).some((name) => name.includes('cudnn'))).toBe(false);
  });

  it('reads the pages of an index that has no JSON, and sends the name and password in its address', async () => {
    index.behaviour = { html: true, authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` };
    expect((await refusal(install())).message).toContain('answered 401');
    await install({ indexUrl: index.url.replace('http://', 'http://me:p%40ss@') });
    expect(await readdir(lib())).toContain('libcudnn.so.9');
  });

  it('takes wheels from a folder, and asks the index for the others', async () => {
    await writeFile(join(machine.root, core.pinned.file), core.bytes);
    await writeFile(join(machine.root, cudnn.pinned.file), 'not this one');
    await install({ wheels: machine.root });
    expect(files()).toEqual([`/files/${cudnn.pinned.file}`]);
    expect((await readFile(join(machine.root, core.pinned.file))).length).toBe(core.bytes.length);
  });

  it('uses what the system has where it fits, unless told not to', async () => {
    await machine.write('usr/local/cuda-13.0/lib64/libcudnn.so.9', elf());
    await install();
    const folder = join(machine.root, 'usr/local/cuda-13.0/lib64');
    expect(files()).toEqual([`/files/${core.pinned.file}`]);
    expect(await readlink(join(lib(), 'libcudnn.so'))).toBe(join(folder, 'libcudnn.so.9'));
    expect(JSON.parse(await readFile(join(machine.root, 'cuda/1.30.0/installed.json'), 'utf8'))).toMatchObject({ system: [folder] });
    await removeCuda(machine);
    await machine.write('usr/local/cuda-13.0/lib64/libcudnn.so.9', elf(0xb7));
    index.requests.length = 0;
    await install();
    expect(files()).toHaveLength(2);
    await removeCuda(machine);
    await machine.write('usr/local/cuda-13.0/lib64/libcudnn.so.9', elf());
    await install({ ignoreSystem: true });
    expect(await readdir(lib())).toContain('libcudnn.so.9');
  });

  it('looks for room before it fetches', async () => {
    const [first] = core.pinned.libraries;
    if (first === undefined) throw new Error('no library');
    const huge = { ...core.pinned, libraries: [{ ...first, bytes: 1e16 }] };
    const error = await refusal(install({ set: setOf([{ pinned: huge }, cudnn]) }));
    expect([error.code, error.message]).toEqual(['too-large', expect.stringContaining('LITEGRAPH_DIFFUSION_CUDA')]);
    expect(files()).toEqual([]);
  });

  it('takes the place of another version', async () => {
    await machine.installation({ ...setOf(wheels), onnxruntime: '1.29.0' });
    await install();
    expect(await readdir(join(machine.root, 'cuda'))).toEqual(['1.30.0']);
  });

  it('says what to do where the index has no such file', async () => {
    const error = await refusal(install({ set: setOf([wheel('nvidia-nothing', { library: 'x.so' })]) }));
    expect(error.message).toMatch(/answered 404.*--index-url.*--wheels/);
    expect((await refusal(install({ indexUrl: 'http://127.0.0.1:9/simple' }))).message).toMatch(/cannot be reached/);
  });
});

describe('remove-cuda', () => {
  it('removes what was installed and nothing else', async () => {
    await install();
    await machine.write('cuda/mine.txt', 'keep');
    expect(await removeCuda(machine)).toBe(true);
    expect(await readdir(join(machine.root, 'cuda'))).toEqual(['mine.txt']);
    expect(await removeCuda(machine)).toBe(false);
  });
});

describe('the package index', () => {
  it("is pip's: its files, its environment, else the public one", async () => {
    expect(await packageIndexes(machine)).toEqual(['https://pypi.org/simple/']);
    await machine.write('etc/pip.conf', '[global]\nindex-url = http://a.example/simple\n[list]\nindex-url = http://no.example\n');
    expect(await packageIndexes(machine)).toEqual(['http://a.example/simple']);
    await mkdir(join(machine.root, 'home/.config/pip'), { recursive: true });
    await machine.write(
      'home/.config/pip/pip.conf',
      '# mine\n[install]\nindex_url: http://b.example/simple\nextra-index-url =\n    http://c.example/simple\n    http://d.example/simple\n',
    );
    expect(await packageIndexes(machine)).toEqual(['http://b.example/simple', 'http://c.example/simple', 'http://d.example/simple']);
    machine.env.PIP_INDEX_URL = 'http://e.example/simple';
    machine.env.PIP_EXTRA_INDEX_URL = '';
    expect(await packageIndexes(machine)).toEqual(['http://e.example/simple']);
    expect(await packageIndexes(machine, 'http://f.example/simple')).toEqual(['http://f.example/simple']);
  });
});
