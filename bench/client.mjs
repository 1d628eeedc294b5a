// A user of the server: posts a graph and listens on the socket until it is done.
import WebSocket from 'ws';

/** One socket; `run` posts a workflow and resolves with `{ ms, nodes }` when its state event `done` came. */
export async function connect(url) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, ['ld.v1']);
  const waiting = new Map();
  let previews = 0;
  socket.on('message', (data, binary) => {
    if (binary) {
      previews++;
      return;
    }
    const message = JSON.parse(data);
    if (message.type !== 'event') return;
    const job = waiting.get(message.event.job);
    if (job === undefined) return;
    if (message.event.type === 'finished') job.nodes.set(message.event.node, message.event);
    if (message.event.type === 'problem') job.problems.push(message.event.problem.message);
    if (message.event.type === 'state' && ['done', 'failed', 'cancelled'].includes(message.event.state)) job.end(message.event.state);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));

  const run = async (workflow, options = {}) => {
    const id = crypto.randomUUID();
    const job = { nodes: new Map(), problems: [] };
    const end = new Promise((resolve) => {
      job.end = resolve;
    });
    waiting.set(id, job);
    socket.send(JSON.stringify({ type: 'watch', jobs: [id] }));
    const started = performance.now();
    const answer = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, workflow, ...options }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const state = await end;
    const ms = performance.now() - started;
    waiting.delete(id);
    if (state !== 'done') throw new Error(`The job ended as ${state}: ${job.problems.join('; ')}`);
    return { ms, nodes: job.nodes };
  };
  return { run, close: () => socket.close(), previews: () => previews };
}

/** Empty POST, then an echo on an open socket: the least that a run over HTTP and a socket can cost. */
export async function connectEcho(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve) => socket.once('open', resolve));
  const once = async () => {
    const started = performance.now();
    await (await fetch(`http://127.0.0.1:${port}`, { method: 'POST' })).text();
    const back = new Promise((resolve) => socket.once('message', resolve));
    socket.send('x');
    await back;
    return performance.now() - started;
  };
  return { once, close: () => socket.close() };
}
