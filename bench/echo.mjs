// The least a server can do: answer an empty POST and echo a socket message.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
server.listen(0, '127.0.0.1');
process.on('message', () => process.send(server.address().port));
