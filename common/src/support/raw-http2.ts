/** HTTP/2 as it goes over a socket, for tests of peers that keep to no library. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const END_HEADERS = 0x4;
const CANCEL = 8;
/** :method POST, :path /, :scheme http of the static table, and :authority x. */
const POST = Buffer.from([0x83, 0x84, 0x86, 0x01, 0x01, 0x78]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What a client says first. */
export const GREETING = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]);

/** A DATA frame of a stream. */
export function dataFrame(stream: number): Buffer {
  return frame(DATA, 0, stream, Buffer.from('x'));
}

/** A stream that is opened and cancelled at once. */
export function openAndReset(stream: number): Buffer {
  const code = Buffer.alloc(4);
  code.writeUInt32BE(CANCEL);
  return Buffer.concat([frame(HEADERS, END_HEADERS, stream, POST), frame(RST_STREAM, 0, stream, code)]);
}

/** A connection to a port of this machine, or to a Unix socket, whose answers are thrown away. Its errors are the test's own doing. */
export async function connectRaw(place: number | string, greeting: Buffer = GREETING): Promise<Socket> {
  const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  socket.write(greeting);
  return socket;
}
