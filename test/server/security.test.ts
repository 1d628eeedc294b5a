import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostOf, hostRules, isOurHost, judgeOrigin, type RequestOrigin } from '../../server/security/hosts.ts';
import { Gate } from '../../server/security/token.ts';
import { ask, codesOf, post, type Rig, startRig, temporaryFolder, tinyPng, visit, workflow } from './rig.ts';

const base = {
  method: 'POST',
  host: '127.0.0.1:8190',
  origin: undefined,
  referer: undefined,
  site: undefined,
  mode: undefined,
  destination: undefined,
};
const rules = hostRules('127.0.0.1', ['http://page.example:3000']);

describe('who is answered', () => {
  it.each([
    ['127.0.0.1:8190', true],
    ['localhost', true],
    ['LOCALHOST:80', true],
    ['localhost.:8190', true],
    ['[::1]:8190', true],
    ['page.example', true],
    ['evil.com', false],
    ['evil.com:8190', false],
    ['127.0.0.1.evil.com', false],
    ['localhost.evil.com', false],
    ['10.0.0.7', false],
    ['127.0.0.1:8190/x', false],
    ['a@127.0.0.1', false],
    ['', false],
    [undefined, false],
  ])('host %s: %s', (host, expected) => {
    expect(isOurHost(host, rules)).toBe(expected);
  });

  it('takes any numeric address when bound to all, but no foreign name', () => {
    const open = hostRules('0.0.0.0', []);
    expect(['10.0.0.7:8190', '[fe80::1]', 'evil.com'].map((host) => isOurHost(host, open))).toEqual([true, true, false]);
    expect(hostOf('[::1]:80')).toBe('::1');
  });

  it.each<[string, Partial<RequestOrigin>, string]>([
    ['a program', {}, 'own'],
    ['our page', { origin: 'http://127.0.0.1:8190' }, 'own'],
    ['our page behind TLS', { origin: 'https://127.0.0.1:8190' }, 'own'],
    ['another port', { origin: 'http://127.0.0.1:3000' }, 'foreign'],
    ['another name of ours', { origin: 'http://localhost:8190' }, 'foreign'],
    ['no such port', { origin: 'http://127.0.0.1:99999' }, 'foreign'],
    ['a stranger', { origin: 'http://evil.com' }, 'foreign'],
    ['a hidden origin', { origin: 'null' }, 'foreign'],
    ['a listed page', { origin: 'http://page.example:3000' }, 'allowed'],
    ['a listed page on TLS', { origin: 'https://page.example:3000' }, 'foreign'],
    ['a form of another site', { site: 'cross-site' }, 'foreign'],
    ['a form of another port', { site: 'same-site' }, 'foreign'],
    ['a link from another site', { method: 'GET', site: 'cross-site', mode: 'navigate', destination: 'document' }, 'own'],
    ['a frame in another site', { method: 'GET', site: 'cross-site', mode: 'navigate', destination: 'iframe' }, 'foreign'],
    [
      'a picture in another site',
      { method: 'GET', site: 'cross-site', mode: 'no-cors', destination: 'image', referer: 'http://evil.com/x' },
      'foreign',
    ],
    [
      'a picture in a listed page',
      { method: 'GET', site: 'cross-site', mode: 'no-cors', referer: 'http://page.example:3000/x' },
      'allowed',
    ],
    ['a form in a listed page without its name', { site: 'cross-site', referer: 'http://page.example:3000/x' }, 'foreign'],
    ['a picture in our page', { method: 'GET', site: 'same-origin', mode: 'no-cors' }, 'own'],
    ['an address typed by hand', { method: 'GET', site: 'none', mode: 'navigate' }, 'own'],
  ])('%s is %s', (_name, request, expected) => {
    expect(judgeOrigin({ ...base, ...request }, rules)).toBe(expected);
  });
});

const evil = [
  { host: 'evil.com' },
  { host: 'evil.com', origin: 'http://evil.com' },
  { origin: 'http://evil.com' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1:99999' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
];

describe('foreign pages', () => {
  it('get 403 over HTTP and change nothing', async () => {
    await using rig = await startRig();
    for (const headers of evil) {
      for (const [method, path] of [
        ['POST', '/v1/jobs'],
        ['GET', '/v1/jobs'],
        ['DELETE', '/v1/jobs/x'],
        ['POST', '/v1/images'],
        ['OPTIONS', '/v1/jobs'],
        ['GET', '/'],
      ] as const) {
        const answer = await ask(rig, path, { method, headers, ...(method === 'POST' ? { body: JSON.stringify(workflow()) } : {}) });
        expect([headers, method, path, answer.status, codesOf(answer)]).toEqual([headers, method, path, 403, ['not-allowed']]);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      }
    }
    expect(rig.engine.runs).toHaveLength(0);
  });

  it('get 403 at the socket', async () => {
    await using rig = await startRig();
    for (const headers of evil) await expect(visit(rig, { headers })).rejects.toThrow('status 403');
    await expect(visit(rig, { path: '/v1/other' })).rejects.toThrow('status 404');
    await expect(visit(rig, { protocols: ['graphql-ws'] })).rejects.toThrow('status 400');
  });

  it('may use the server when they are listed, with preflight and private network', async () => {
    await using rig = await startRig({ allowOrigins: ['http://page.example:3000'] });
    const origin = 'http://page.example:3000';
    const preflight = await ask(rig, '/v1/jobs', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
        'access-control-request-private-network': 'true',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-private-network': 'true',
      'access-control-allow-headers': 'authorization, content-type',
    });
    expect(preflight.headers['access-control-allow-methods']).toContain('DELETE');
    expect(preflight.headers.vary).toContain('Origin');
    const answer = await post(rig, '/v1/jobs', workflow(), { origin });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([202, origin]);
    const refused = await post(rig, '/v1/jobs', { '1': { class_type: 'Nonsense', inputs: {} } }, { origin });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([400, origin]);
    const visitor = await visit(rig, { headers: { origin } });
    await visitor.message('welcome');
  });
});

const token = 'correct horse battery staple'.replaceAll(' ', '-');

describe('the token', () => {
  const withToken = (extra: object = {}): Promise<Rig> => startRig({ token, ...extra });

  it('is wanted by every route and the socket', async () => {
    await using rig = await withToken();
    for (const path of [
      '/v1/jobs',
      '/v1/jobs/x',
      '/v1/jobs/x/events',
      '/v1/nodes',
      '/v1/models',
      '/v1/models/loaded',
      '/v1/templates',
      '/v1/images',
      '/v1/images/output/x.png',
      '/v1/health',
      '/v1/openapi.json',
      '/v1/nothing',
    ]) {
      const answer = await ask(rig, path);
      expect([path, answer.status, codesOf(answer)]).toEqual([path, 401, ['not-allowed']]);
    }
    expect((await post(rig, '/v1/jobs', workflow())).status).toBe(401);
    await expect(visit(rig)).rejects.toThrow('status 401');
    expect((await ask(rig, '/v1/health', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    const visitor = await visit(rig, { protocols: ['ld.v1', `ld.token.${Buffer.from(token).toString('base64url')}`] });
    expect(visitor.socket.protocol).toBe('ld.v1');
    await expect(visit(rig, { protocols: ['ld.v1', `ld.token.${Buffer.from('wrong').toString('base64url')}`] })).rejects.toThrow(
      'status 401',
    );
  });

  it('is exchanged for a cookie that scripts and other sites do not get', async () => {
    await using rig = await withToken();
    const answer = await post(rig, '/v1/session', { token });
    expect(answer.status).toBe(204);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const [pair = ''] = cookie.split(';');
    expect((await ask(rig, '/v1/health', { headers: { cookie: `other=1; ${pair}` } })).status).toBe(200);
    expect((await ask(rig, '/v1/health', { headers: { cookie: `${pair}x` } })).status).toBe(401);
    await (await visit(rig, { headers: { cookie: pair } })).message('welcome');
    expect((await post(rig, '/v1/session', { token: 'wrong' })).status).toBe(401);
    expect((await post(rig, '/v1/session', { token: 5 })).status).toBe(400);
    expect((await post(rig, '/v1/session', { token }, { origin: 'http://evil.com' })).status).toBe(403);
  });

  it('cannot be guessed by trying', async () => {
    await using rig = await withToken({ limits: { tokenFailures: 3 } });
    const cookie = ((await post(rig, '/v1/session', { token })).headers['set-cookie'] ?? [''])[0] ?? '';
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask(rig, '/v1/health', { headers: { authorization: `Bearer guess${i}` } })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await post(rig, '/v1/session', { token })).status).toBe(429);
    expect((await ask(rig, '/v1/health', { headers: { cookie } })).status).toBe(200);
  });

  it('is tried again after a minute', () => {
    let now = 0;
    const gate = new Gate({ token, port: 1, maxFailures: 1, now: () => now });
    expect([gate.check('a', 'x'), gate.check(token, 'x'), gate.check(token, 'y')]).toEqual(['wrong', 'limited', 'in']);
    now = 60_001;
    expect(gate.check(token, 'x')).toBe('in');
  });

  it('is a condition for serving other machines', async () => {
    await expect(startRig({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'not-allowed', message: expect.stringContaining('--token') });
    await expect(startRig({ allowOrigins: ['http://x.example/path'] })).rejects.toMatchObject({ code: 'bad-value' });
    await expect(startRig({ allowOrigins: ['*'] })).rejects.toMatchObject({ code: 'bad-value' });
    await using rig = await startRig({ host: '0.0.0.0', token });
    expect((await ask(rig, '/v1/health', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });
});

describe('headers', () => {
  it('forbid eval, inline scripts, sniffing and framing on every answer', async () => {
    await using rig = await startRig();
    for (const path of ['/', '/v1/jobs', '/v1/nothing', '/plugin/none.js']) {
      const { headers } = await ask(rig, path);
      const policy = String(headers['content-security-policy']);
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("img-src 'self' blob: data:");
      expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${rig.port}`);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
    const broken = await ask(rig, '/', { headers: { host: '127.0.0.1; script-src *' } });
    expect(broken.headers['content-security-policy']).not.toContain('*');
  });
});

const escapes = [
  '..',
  '../secret.png',
  '%2e%2e/secret.png',
  '..%2fsecret.png',
  '%2e%2e%2fsecret.png',
  '%252e%252e%252fsecret.png',
  '..\\secret.png',
  '..%5csecret.png',
  'a/../../secret.png',
  'C:%5csecret.png',
  'C:secret.png',
  '%2fetc%2fpasswd',
  '%2f%2fserver%2fshare',
  'x%00.png',
  'link.png',
  'linked/secret.png',
  '.hidden.png',
  'a/.git/x.png',
  'x'.repeat(3000),
];

describe('paths', () => {
  it('lead nowhere out of their folder, in no route', async () => {
    await using rig = await startRig();
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'secret.png'), tinyPng);
    await writeFile(join(rig.data, 'secret.png'), tinyPng);
    await writeFile(join(rig.data, 'output', '.hidden.png'), tinyPng);
    await symlink(join(outside, 'secret.png'), join(rig.data, 'output', 'link.png'));
    await symlink(outside, join(rig.data, 'output', 'linked'));
    for (const name of escapes) {
      for (const path of [
        `/v1/images/output/${name}`,
        `/v1/images/${name}/x.png`,
        `/v1/templates/${name}`,
        `/v1/jobs/${name}`,
        `/v1/jobs/${name}/events`,
        `/${name}`,
        `/plugin/${name}`,
      ]) {
        const answer = await ask(rig, path);
        expect([path.slice(0, 60), answer.status]).toEqual([
          path.slice(0, 60),
          expect.toSatisfy((status) => status === 400 || status === 404),
        ]);
        expect(answer.bytes.includes(tinyPng.subarray(0, 8))).toBe(false);
        expect(answer.text).not.toContain(outside);
      }
    }
    const listed = (await ask(rig, '/v1/images?folder=output')).json();
    expect(listed).toEqual({ images: [] });
  });

  it('with dots in names are fine', async () => {
    await using rig = await startRig();
    await mkdir(join(rig.data, 'output', 'a..b'));
    await writeFile(join(rig.data, 'output', 'a..b', 'x..png'), tinyPng);
    expect((await ask(rig, '/v1/images/output/a..b/x..png')).status).toBe(200);
  });

  it('never give out anything but pictures', async () => {
    await using rig = await startRig();
    for (const [name, content] of [
      ['a.html', '<script>1</script>'],
      ['a.svg', '<svg onload="1"/>'],
      ['b.png', '<html>'],
      ['c.png', '<svg/>'],
    ] as const) {
      await writeFile(join(rig.data, 'output', name), content);
      const answer = await ask(rig, `/v1/images/output/${name}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([415, 'application/json; charset=utf-8']);
    }
  });
});

describe('uploads', () => {
  const upload = (rig: Rig, name: string, body: Buffer | string) =>
    ask(rig, `/v1/images?name=${encodeURIComponent(name)}`, { method: 'POST', headers: { 'content-type': 'image/png' }, body });

  it.each([
    '../x.png',
    '..\\x.png',
    '/etc/x.png',
    'a/b.png',
    'C:x.png',
    'x\0.png',
    'a".png',
    '<b>.png',
    '.htaccess',
    'con.png',
    'CON',
    'x.png.',
    'x.png ',
    'a\u202Egnp.png',
    'a\nb.png',
    `${'x'.repeat(201)}`,
  ])('refuse the name %j', async (name) => {
    await using rig = await startRig();
    const answer = await upload(rig, name, tinyPng);
    expect([answer.status, codesOf(answer)]).toEqual([400, [expect.stringMatching(/bad-path|bad-value/)]]);
    expect((await ask(rig, '/v1/images?folder=input')).json()).toHaveProperty('images.length', await exampleCount(rig));
  });

  it('take the last part of a path in a form, as browsers once sent whole paths', async () => {
    await using rig = await startRig();
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="../../up.png"\r\nContent-Type: image/png\r\n\r\n'),
      tinyPng,
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const answer = await ask(rig, '/v1/images', { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body });
    expect([answer.status, answer.json()]).toEqual([201, expect.objectContaining({ name: 'up.png' })]);
  });

  it.each([
    ['html', '<html><script>alert(1)</script>', 415, 'bad-image'],
    ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', 415, 'bad-image'],
    ['nothing', '', 415, 'bad-image'],
    ['a cut off picture', tinyPng.subarray(0, 40), 415, 'bad-image'],
    ['a bomb', Buffer.concat([tinyPng.subarray(0, 16), Buffer.from([0, 1, 0, 0, 0, 1, 0, 0]), tinyPng.subarray(24)]), 413, 'too-large'],
    ['too many bytes', Buffer.concat([tinyPng, Buffer.alloc(20_000)]), 413, 'too-large'],
  ])('refuse %s', async (_name, body, status, code) => {
    await using rig = await startRig({ limits: { upload: 10_000 } });
    const raw = await upload(rig, 'x.png', body);
    expect([raw.status, codesOf(raw)]).toEqual([status, [code]]);
    const form = new FormData();
    form.append('image', new Blob([body]), 'x.png');
    const multipart = await fetch(`${rig.url}/v1/images`, { method: 'POST', body: form });
    expect(multipart.status).toBe(status);
    expect((await ask(rig, '/v1/images?folder=input')).json()).toHaveProperty('images.length', await exampleCount(rig));
  });

  it.each([
    ['another field', 'Content-Disposition: form-data; name="other"; filename="x.png"'],
    ['no file', 'Content-Disposition: form-data; name="image"'],
    ['__proto__', 'Content-Disposition: form-data; name="__proto__"; filename="x.png"'],
  ])('refuse a form with %s', async (_name, head) => {
    await using rig = await startRig();
    const body = `--b\r\n${head}\r\n\r\nx\r\n--b--\r\n`;
    const answer = await ask(rig, '/v1/images', { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body });
    expect(answer.status).toBe(400);
    const torn = await ask(rig, '/v1/images', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: body.slice(0, 60),
    });
    expect(torn.status).toBe(400);
  });
});

/** The example picture lies in the input folder from the start, where the package has one. */
async function exampleCount(rig: Rig): Promise<number> {
  const listed = (await ask(rig, '/v1/images/input/example.png')).status;
  return listed === 200 ? 1 : 0;
}

describe('hostile bodies', () => {
  it('are refused by size before they are read', async () => {
    await using rig = await startRig();
    const nodes = Array.from({ length: 1_000_000 }, (_, id) => `"${id}":{"class_type":"Source","inputs":{}}`);
    const answer = await post(rig, '/v1/jobs', `{${nodes.join(',')}}`);
    expect([answer.status, codesOf(answer)]).toEqual([413, ['too-large']]);
    const small = await post(rig, '/v1/session', `{"token":"${'x'.repeat(100_000)}"}`);
    expect(small.status).toBe(413);
    expect((await ask(rig, '/v1/health')).status).toBe(200);
  });

  it('are refused when they do not say their size', async () => {
    await using rig = await startRig({ limits: { document: 1000 } });
    const body = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 100; i++) controller.enqueue(new TextEncoder().encode(' '.repeat(100)));
        controller.close();
      },
    });
    const init = { method: 'POST', body, duplex: 'half' };
    const answer = await fetch(`${rig.url}/v1/jobs`, init);
    expect(answer.status).toBe(413);
  });

  it('are refused when a picture does not say its size', async () => {
    await using rig = await startRig({ limits: { upload: 100 } });
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(tinyPng);
        controller.enqueue(new Uint8Array(100));
        controller.close();
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'image/png' } };
    const answer = await fetch(`${rig.url}/v1/images`, init);
    expect(answer.status).toBe(413);
    expect(await readdir(join(rig.data, 'cache', 'uploads'))).toEqual([]);
  });

  it('with __proto__ at any depth change nothing', async () => {
    await using rig = await startRig();
    for (const body of [
      '{"__proto__":{"x":1}}',
      '{"workflow":{"__proto__":{"class_type":"Source","inputs":{}}}}',
      '{"id":"p","workflow":{"1":{"class_type":"Source","inputs":{"__proto__":{"x":1}},"__proto__":{"x":1}},"2":{"class_type":"Show","inputs":{"images":["1",0]}}},"__proto__":{"x":1}}',
      '{"nodes":[{"id":1,"type":"Source","constructor":{"prototype":{"x":1}},"properties":{"__proto__":{"x":1}}}],"links":[]}',
    ]) {
      const answer = await post(rig, '/v1/jobs', body);
      expect(answer.status).toBeLessThan(500);
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    }
  });

  it('compressed are not taken', async () => {
    await using rig = await startRig();
    expect((await post(rig, '/v1/jobs', '{}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });
});
