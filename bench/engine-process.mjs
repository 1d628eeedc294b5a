// An engine in a process of its own, for measurements without a server.
import { fork } from 'node:child_process';
import { join } from 'node:path';

/** `ask` sends one task to engine.mjs and resolves with its answer; a process that ends rejects it. */
export function startEngine(data, { cacheBytes = 1e9, models = data } = {}) {
  const child = fork(join(import.meta.dirname, 'engine.mjs'), [data, models, String(cacheBytes)], {
    serialization: 'advanced',
    execArgv: ['--expose-gc'],
  });
  let waiting;
  child.on('message', (message) => {
    if (message.type === 'answer') waiting?.resolve(message.answer);
  });
  child.once('exit', (code) => waiting?.reject(new Error(`The engine ended with code ${code}.`)));
  const ask = (task, message = {}) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.send({ task, ...message });
    });
  const stop = () =>
    new Promise((resolve) => {
      waiting = undefined;
      child.once('exit', resolve);
      child.disconnect();
    });
  return { ask, stop };
}
