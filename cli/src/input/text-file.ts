/**
 * The text of a file or of standard input, whatever it came in.
 *
 * 1. Look at the first bytes: gzip is unpacked, and the look is repeated on what comes out.
 * 2. What is no UTF-8 text, such as a picture, is refused once and as a whole.
 * 3. A byte order mark before the text is skipped, as RFC 8259 allows.
 */
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InvalidInputError } from '@irispair/common/errors/errors';

/** Bytes looked at: as many as tell a text from another format. */
const LOOKED_AT_BYTES = 4_096;
const GZIP = Buffer.from([0x1f, 0x8b]);
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** How messages call a file. */
export function fileName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/**
 * The text of a file.
 * @param file a path, or `-` for standard input
 * @throws InvalidInputError naming the file when it is no text; gzip that is damaged destroys the stream with one
 */
export async function openText(file: string): Promise<Readable> {
  const source = file === '-' ? process.stdin : createReadStream(file);
  const plain = await peek(source);
  if (!startsWith(plain.first, GZIP)) return textOf(file, plain);
  return textOf(file, await peek(unpacked(file, plain)));
}

interface Peeked {
  readonly first: Buffer;
  readonly chunks: AsyncIterator<Buffer>;
}

async function peek(source: Readable): Promise<Peeked> {
  const chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  while (first.byteLength < LOOKED_AT_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return { first, chunks };
}

function textOf(file: string, { first, chunks }: Peeked): Readable {
  checkText(file, first);
  const text = startsWith(first, UTF8_MARK) ? first.subarray(UTF8_MARK.byteLength) : first;
  return whole({ first: text, chunks });
}

function whole({ first, chunks }: Peeked): Readable {
  async function* bytes(): AsyncGenerator<Buffer> {
    if (first.byteLength > 0) yield first;
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  return Readable.from(bytes(), { objectMode: false });
}

function unpacked(file: string, packed: Peeked): Readable {
  const unpack = createGunzip();
  const text = pipeline(whole(packed), unpack, () => {
    // Whoever reads the unpacked text gets the error.
  });
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      yield* text as AsyncIterable<Buffer>;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new InvalidInputError(fileName(file), `damaged gzip (${reason}): compress it again`);
    }
  }
  return Readable.from(bytes(), { objectMode: false });
}

function checkText(file: string, first: Buffer): void {
  if (UTF16_MARKS.some((mark) => startsWith(first, mark))) {
    throw new InvalidInputError(fileName(file), 'text in UTF-16: write it in UTF-8');
  }
  if (!isUtf8(first)) {
    throw new InvalidInputError(
      fileName(file),
      'no text: give NDJSON, one object a line, as it is or packed by gzip',
    );
  }
}

function isUtf8(first: Buffer): boolean {
  if (first.includes(0)) return false;
  try {
    // The last character may be cut.
    new TextDecoder('utf-8', { fatal: true }).decode(first, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function startsWith(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.byteLength).equals(mark);
}
