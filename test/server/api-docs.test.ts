import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import emptyImage from '../../nodes/image/empty-image.node.ts';
import imageInvert from '../../nodes/image/image-invert.node.ts';
import previewImage from '../../nodes/image/preview-image.node.ts';
import saveImage from '../../nodes/image/save-image.node.ts';
import { type NodeDefinition, specOf } from '../../nodes/kit/index.ts';
import type { RunRequest, RunSink } from '../../server/engine/types.ts';
import { openApiDocument } from '../../server/http/openapi.ts';
import { Loaded, Models } from '../../server/http/openapi-models.ts';
import {
  Accepted,
  Health,
  JobEvent,
  JobSnapshot,
  JobSummary,
  ListedImage,
  NodeSpec,
  Problems,
  Template,
  Worker,
} from '../../server/http/openapi-schemas.ts';
import { ClientMessageSchema } from '../../server/socket/messages.ts';
import { ask, FakeEngine, post, type Rig, startRig, visit } from './rig.ts';

const root = resolve(import.meta.dirname, '../..');

const definitions: readonly NodeDefinition[] = [emptyImage, imageInvert, saveImage, previewImage];
const specs = new Map(definitions.map((definition) => [definition.type, specOf(definition)]));

/** A flat PNG of 64 × 64, as far as its header goes. */
const png = Buffer.from('89504e470d0a1a0a0000000d494844520000004000000040080200000000000000', 'hex');

/** Plays a run of the documented workflows as the real engine would. */
async function play(data: string, request: RunRequest, sink: RunSink): Promise<'done'> {
  const ids = [...request.workflow.nodes.keys()];
  sink.event({ type: 'planned', nodes: ids.map((node) => ({ node, cached: false })) });
  for (const node of ids) {
    sink.event({ type: 'started', node });
    const type = request.workflow.nodes.get(node)?.type;
    const folder = type === 'SaveImage' ? 'output' : type === 'PreviewImage' ? 'preview' : undefined;
    if (folder !== undefined) {
      if (folder === 'output') await writeFile(join(data, 'output', 'square_00001_.png'), png);
      const files = [{ folder, name: 'square_00001_.png', width: 64, height: 64 } as const];
      sink.event({ type: 'shown', node, content: { kind: 'images', files } });
    }
    sink.event({ type: 'finished', node, outcome: 'ran', ms: 1, reason: 'New.' });
  }
  return 'done';
}

async function startDocumented(): Promise<Rig> {
  const engine = new FakeEngine();
  const rig = await startRig({ specs }, engine);
  engine.script = (request, sink) => play(rig.data, request, sink);
  return rig;
}

interface Block {
  readonly language: string;
  readonly text: string;
}

async function blocks(): Promise<readonly Block[]> {
  const text = await readFile(join(root, 'docs', 'api.md'), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', body = '']) => ({ language, text: body.trim() }));
}

/** Times and durations differ from run to run, the version from release to release; `…` stands for any text. */
const varying = new Set(['at', 'begun', 'created', 'started', 'ended', 'ms', 'modified', 'version']);

function expectLike(actual: unknown, documented: unknown, path: string): void {
  const key = path.split('.').at(-1) ?? '';
  if (Array.isArray(documented)) {
    expect(actual, path).toHaveLength(documented.length);
    for (const [index, item] of documented.entries())
      expectLike(Array.isArray(actual) ? actual[index] : undefined, item, `${path}.${index}`);
  } else if (typeof documented === 'object' && documented !== null) {
    expect(typeof actual === 'object' && actual !== null ? Object.keys(actual).sort() : actual, path).toEqual(
      Object.keys(documented).sort(),
    );
    const fields = new Map(Object.entries(actual ?? {}));
    for (const [name, value] of Object.entries(documented)) expectLike(fields.get(name), value, `${path}.${name}`);
  } else if (documented === '…' || varying.has(key)) expect(typeof actual, path).toBe(typeof documented);
  else expect(actual, path).toEqual(documented);
}

/** Exactly what a schema describes: nothing missing, nothing besides. */
function expectDescribed(schema: z.ZodType, value: unknown): void {
  expect(schema.parse(value)).toEqual(value);
}

const described: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^POST \/v1\/jobs$/, Accepted],
  [/^GET \/v1\/jobs\/[^/]+$/, JobSnapshot],
  [/^GET \/v1\/health$/, Health],
];

async function perform(rig: Rig, request: string, documented: Block): Promise<void> {
  const [line = '', ...rest] = request.split('\n');
  const [method = '', path = ''] = line.split(' ');
  const body = rest.join('\n').trim();
  const answer = await ask(rig, path, { method, ...(body === '' ? {} : { body }) });
  if (documented.language === 'ndjson') {
    const lines = answer.text
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expectLike(
      lines,
      documented.text.split('\n').map((text) => JSON.parse(text)),
      line,
    );
    for (const event of lines) expectDescribed(JobEvent, event);
    return;
  }
  const [status = '', ...wanted] = documented.text.split('\n');
  expect(`HTTP/1.1 ${answer.status}`, line).toBe(status.split(' ').slice(0, 2).join(' '));
  expectLike(answer.json(), JSON.parse(wanted.join('\n')), line);
  if (answer.status >= 400) expectDescribed(Problems, answer.json());
  else for (const [route, schema] of described) if (route.test(line)) expectDescribed(schema, answer.json());
}

describe('docs/api.md', () => {
  it('tells the truth about HTTP', async () => {
    await using rig = await startDocumented();
    const all = (await blocks()).filter(({ language }) => language === 'http' || language === 'ndjson');
    expect(all.length).toBeGreaterThan(12);
    for (let i = 0; i < all.length; i += 2) {
      const [request, answer] = [all[i], all[i + 1]];
      if (request === undefined || answer === undefined) throw new Error('A request without an answer.');
      await perform(rig, request.text, answer);
    }
  });

  it('tells the truth about the socket', async () => {
    await using rig = await startDocumented();
    const [message, ...answers] = (await blocks()).filter(({ language }) => language === 'socket').map(({ text }) => JSON.parse(text));
    expectDescribed(ClientMessageSchema, message);
    const visitor = await visit(rig);
    visitor.send(message);
    await visitor.reaches('over-the-socket', 'done');
    expect(visitor.messages.map(({ type }) => type)).toContain('welcome');
    const isLike = (wanted: unknown) => (actual: unknown) => {
      try {
        expectLike(actual, wanted, 'socket');
        return true;
      } catch {
        return false;
      }
    };
    for (const answer of answers) expect(visitor.messages.some(isLike(answer)), JSON.stringify(answer)).toBe(true);
  });

  it('names every message and every event', async () => {
    const text = await readFile(join(root, 'docs', 'api.md'), 'utf8');
    const protocol = await readFile(join(root, 'workflows', 'protocol.ts'), 'utf8');
    const types = [...protocol.matchAll(/readonly type: '([a-z-]+)'/g)].map(([, type = '']) => type);
    expect(types.length).toBeGreaterThan(15);
    expect(types.filter((type) => !text.includes(`\`${type}\``) && !text.includes(`"type": "${type}"`))).toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 and names every route', async () => {
    await using rig = await startDocumented();
    const answer = await ask(rig, '/v1/openapi.json');
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument('0.1.0'))));
    const { openapi, paths = {}, components } = openApiDocument('0.1.0');
    expect(openapi).toBe('3.1.0');
    const files = (await readdir(join(root, 'server', 'http'))).map((name) => readFile(join(root, 'server', 'http', name), 'utf8'));
    const source = (await Promise.all(files)).join('\n');
    const routes = [...source.matchAll(/(?:\.route\(|\bget\()\s*'(\/[^']+)'/g)].map(
      ([, route = '']) => `/v1${route.replace(/[:*](\w+)/g, '{$1}')}`,
    );
    expect(routes.length).toBeGreaterThan(11);
    expect(new Set([...routes, '/v1/socket', '/v1/workers/socket'])).toEqual(new Set(Object.keys(paths)));
    expect(Object.keys(components?.schemas ?? {})).toEqual(
      expect.arrayContaining(['JobSnapshot', 'Problem', 'NodeSpec', 'ClientMessage', 'RunBody']),
    );
    const references = JSON.stringify({ paths, components }).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, name = ''] of references) expect(components?.schemas).toHaveProperty(name);
  });

  it('describes what is answered', async () => {
    await using rig = await startDocumented();
    const list = async (path: string, name: string): Promise<unknown[]> => {
      const body: Record<string, unknown[]> = JSON.parse((await ask(rig, path)).text);
      return body[name] ?? [];
    };
    await post(rig, '/v1/jobs', {
      '1': { class_type: 'EmptyImage', inputs: {} },
      '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    });
    const jobs = await list('/v1/jobs', 'jobs');
    expect(jobs).toHaveLength(1);
    for (const job of jobs) expectDescribed(JobSummary, job);
    for (const node of await list('/v1/nodes', 'nodes')) expectDescribed(NodeSpec, node);
    expectDescribed(Models, (await ask(rig, '/v1/models')).json());
    rig.engine.load([{ device: 'cpu', kind: 'checkpoints', model: 'tiny', part: 'unet', loras: [], bytes: 7 }]);
    expectDescribed(Loaded, (await ask(rig, '/v1/models/loaded')).json());
    for (const worker of await list('/v1/workers', 'workers')) expectDescribed(Worker, worker);
    for (const template of await list('/v1/templates', 'templates')) expectDescribed(Template, template);
    await writeFile(join(rig.data, 'output', 'x.png'), png);
    const images = await list('/v1/images', 'images');
    expect(images).toHaveLength(1);
    for (const image of images) expectDescribed(ListedImage, image);
  });
});
