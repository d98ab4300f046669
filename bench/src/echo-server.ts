/** A bare Unix-socket echo in a process of its own: what two Node processes pay for a message and nothing else. */
import { createServer } from 'node:net';

const path = process.argv[2];
createServer((socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
}).listen(path, () => {
  process.stdout.write('listening\n');
});
