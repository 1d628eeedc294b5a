import { rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from './program.ts';
import { type Answer, ask, codesOf, post, startRig, temporaryFolder, visit, workflow } from './rig.ts';

let data: string;
beforeAll(async () => {
  data = await temporaryFolder();
});
afterAll(() => rm(data, { recursive: true, force: true }));

/** As many jobs as wished, each on a connection of its own, all at once. Rejects if any connection is reset. */
const flood = (rig: { port: number }, count: number, document: (index: number) => unknown): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => post(rig, '/v1/jobs', { id: `job-${index}`, workflow: document(index) })));

const empty = (index: number) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: index } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
});

const opened = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
  });

const busy = (answer: Answer): void => {
  expect([answer.status, codesOf(answer)]).toEqual([503, ['busy']]);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
};

describe('very many requests at once', () => {
  it('six hundred jobs are all accepted, and all are there when the server was killed right after', async () => {
    const serve = async (): Promise<{ program: Program; port: number }> => {
      const program = new Program('serve', '--port', '0', '--data', data, '--device', 'cpu', '--queue', 'embedded', '--paused');
      return { program, port: Number((await program.says(/is at http:\/\/127\.0\.0\.1:(\d+)/))[1]) };
    };
    const first = await serve();
    const answers = await flood(first, 600, empty);
    first.program.child.kill('SIGKILL');
    await first.program.exit;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const second = await serve();
    const { waiting } = JSON.parse((await ask(second, '/v1/queue')).text) as { waiting: { id: string }[] };
    second.program.child.kill('SIGTERM');
    await second.program.exit;
    expect(new Set(waiting.map(({ id }) => id))).toEqual(new Set(answers.map((_, index) => `job-${index}`)));
  });

  it('beyond the limit of connections each is accepted or told to come again; none is cut off, none lost', async () => {
    await using rig = await startRig({ limits: { connections: 40 } });
    const idle = await Promise.all(Array.from({ length: 40 }, () => opened(rig.port)));
    const answers = await flood(rig, 100, (index) => workflow(16 + index));
    for (const answer of answers) busy(answer);
    await expect(visit(rig)).rejects.toThrow('503');
    for (const socket of idle) socket.destroy();
    const later = await flood(rig, 100, (index) => workflow(16 + index));
    const accepted = later.flatMap(({ status }, index) => (status === 202 ? [`job-${index}`] : []));
    for (const answer of later.filter(({ status }) => status !== 202)) busy(answer);
    for (const id of accepted) expect((await ask(rig, `/v1/jobs/${id}`)).status).toBe(200);
    expect((await post(rig, '/v1/jobs', workflow(2048))).status).toBe(202);
  });

  it('what would not fit beside the bodies that are being read is told to come again', async () => {
    await using rig = await startRig({ limits: { bodies: 1000 } });
    const body = JSON.stringify(workflow());
    const padded = body + ' '.repeat(800 - body.length);
    const slow = httpRequest({ port: rig.port, host: '127.0.0.1', path: '/v1/jobs', method: 'POST', agent: false });
    slow.setHeader('content-length', padded.length).setHeader('expect', '100-continue');
    const answered = new Promise<number>((resolve) => slow.once('response', (response) => resolve(response.resume().statusCode ?? 0)));
    slow.flushHeaders();
    await new Promise((asked) => slow.once('continue', asked));
    busy(await post(rig, '/v1/jobs', padded));
    expect((await ask(rig, '/v1/queue')).status).toBe(200);
    slow.end(padded);
    expect(await answered).toBe(202);
    expect((await post(rig, '/v1/jobs', padded)).status).toBe(202);
  });
});
