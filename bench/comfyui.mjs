// A client of ComfyUI's HTTP and socket interface, for comparison in the same run.
import WebSocket from 'ws';

/** `run` resolves with ms from POST /prompt to the `executing` message with node null. */
export async function connectComfy(url) {
  const clientId = crypto.randomUUID();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?clientId=${clientId}`);
  const waiting = new Map();
  socket.on('message', (data, binary) => {
    if (binary) return;
    const message = JSON.parse(data);
    if (message.type === 'executing' && message.data.node === null) waiting.get(message.data.prompt_id)?.();
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const run = async (prompt) => {
    const id = crypto.randomUUID();
    const end = new Promise((resolve) => waiting.set(id, resolve));
    const started = performance.now();
    const answer = await fetch(`${url}/prompt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, client_id: clientId, prompt_id: id }),
    });
    if (!answer.ok) throw new Error(`ComfyUI: ${answer.status} ${await answer.text()}`);
    await end;
    waiting.delete(id);
    return performance.now() - started;
  };
  return { run, close: () => socket.close() };
}
