// The least a server can do: answer an empty POST and echo a socket message.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
const listening = new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
process.on('message', async () => {
  await listening;
  process.send(server.address().port);
});
