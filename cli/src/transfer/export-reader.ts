/**
 * Reads an export file piece by piece: nothing of a piece is believed before its checksum holds, and nothing is read
 * past what memory is there for.
 */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { messageOf } from '@irispair/common/errors/message';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { StoredIris } from '@irispair/iris-service/store/iris-store';
import { recordFormOf } from '@irispair/iris-service/store/record-form';
import {
  CHUNK_HEAD_BYTES,
  decodeHeader,
  decodeIrises,
  decodePreamble,
  DIGEST_BYTES,
  digestOf,
  MOST_CHUNK_BYTES,
  PREAMBLE_BYTES,
  type ExportHeader,
} from './export-format.js';

const GO_ON = 'fetch the whole file again and repeat the command: it goes on after what was imported';

/** An open export. */
export class ExportReader {
  /** Irises in the whole chunks read so far. */
  private count = 0;
  private highest = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly name: string,
    readonly header: ExportHeader,
    private end: number,
    private readonly hash: Hash,
  ) {}

  /** Reads the header. @throws InvalidInputError when this is not an export */
  static async open(file: FileHandle, name: string): Promise<ExportReader> {
    const preamble = await readBytes(file, 0, PREAMBLE_BYTES);
    const length = preamble === null ? null : decodePreamble(preamble);
    if (preamble === null || length === null) {
      throw new InvalidInputError(name, 'not an export of irises: give a file that `irispair export` wrote');
    }
    const rest = await readBytes(file, PREAMBLE_BYTES, length + DIGEST_BYTES);
    if (rest === null) throw new InvalidInputError(name, `cut short within its header: ${GO_ON}`);
    const json = rest.subarray(0, length);
    if (!digestOf(preamble, json).equals(rest.subarray(length))) {
      throw new InvalidInputError(name, `its header is damaged: ${GO_ON}`);
    }
    const hash = createHash('sha256').update(preamble).update(rest);
    return new ExportReader(file, name, readHeader(name, json), PREAMBLE_BYTES + rest.byteLength, hash);
  }

  /** Where the last whole chunk read so far, or the header, ends. */
  get position(): number {
    return this.end;
  }

  /** SHA-256 of the file up to `position`. */
  hashSoFar(): Hash {
    return this.hash.copy();
  }

  /** Every iris, up to the checksum of the whole. @throws InvalidInputError where the file is cut or damaged */
  async *irises(): AsyncGenerator<StoredIris> {
    for (let chunk = await this.nextChunk(); chunk !== null; chunk = await this.nextChunk()) yield* chunk;
  }

  private async nextChunk(): Promise<readonly StoredIris[] | null> {
    const head = await this.read(this.end, CHUNK_HEAD_BYTES);
    const count = head.readUInt32LE(0);
    const bytes = head.readUInt32LE(4);
    if (count === 0) {
      await this.checkEnd(head);
      return null;
    }
    if (bytes > MOST_CHUNK_BYTES) throw this.damaged(`the next chunk claims ${bytes} bytes`);
    const rest = await this.read(this.end + CHUNK_HEAD_BYTES, bytes + DIGEST_BYTES);
    const body = rest.subarray(0, bytes);
    if (!digestOf(head, body).equals(rest.subarray(bytes))) throw this.damaged('a checksum is wrong');
    const irises = this.decode(count, body);
    this.hash.update(head).update(rest);
    this.end += CHUNK_HEAD_BYTES + rest.byteLength;
    this.count += count;
    return irises;
  }

  private decode(count: number, body: Buffer): StoredIris[] {
    let irises: StoredIris[];
    try {
      irises = decodeIrises(count, body);
    } catch (error) {
      throw this.damaged(`the next chunk ${messageOf(error)}`);
    }
    const { recordBytes } = recordFormOf(this.header.identity);
    for (const { id, record } of irises) {
      if (id.serialId <= this.highest) throw this.damaged(`serial id ${id.serialId} is out of order`);
      this.highest = id.serialId;
      if (record === null || record.byteLength === recordBytes) continue;
      throw this.damaged(`serial id ${id.serialId} has ${record.byteLength} bytes, expected ${recordBytes}`);
    }
    return irises;
  }

  private async checkEnd(head: Buffer): Promise<void> {
    const digest = await this.read(this.end + CHUNK_HEAD_BYTES, DIGEST_BYTES);
    if (!this.hashSoFar().update(head).digest().equals(digest))
      throw this.damaged('its last checksum is wrong');
    if (this.count !== this.header.count) throw this.damaged(`it announced ${this.header.count} irises`);
    if ((await readBytes(this.file, this.end + CHUNK_HEAD_BYTES + DIGEST_BYTES, 1)) !== null) {
      throw this.damaged('something follows its end');
    }
  }

  private async read(position: number, bytes: number): Promise<Buffer> {
    const read = await readBytes(this.file, position, bytes);
    if (read !== null) return read;
    throw new InvalidInputError(
      this.name,
      `cut short after ${this.count} of ${this.header.count} irises: ${GO_ON}`,
    );
  }

  private damaged(what: string): InvalidInputError {
    return new InvalidInputError(
      this.name,
      `damaged after ${this.count} of ${this.header.count} irises, ${what}: ${GO_ON}`,
    );
  }
}

function readHeader(name: string, json: Buffer): ExportHeader {
  try {
    return decodeHeader(json);
  } catch (error) {
    throw new InvalidInputError(
      name,
      `its header is of a kind that this version does not know: import it with the version that wrote it (${String(error)})`,
    );
  }
}

/** Exactly that many bytes, or null when the file ends before. */
async function readBytes(file: FileHandle, position: number, bytes: number): Promise<Buffer | null> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let filled = 0; filled < bytes;) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled);
    if (bytesRead === 0) return null;
    filled += bytesRead;
  }
  return buffer;
}
