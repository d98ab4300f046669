/**
 * Writes an export file. Until it is whole it is called `FILE.partial`; an interrupted one goes on after its last whole
 * chunk.
 */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConflictError, InvalidInputError } from '@irispair/common/errors/errors';
import type { StoredIris } from '@irispair/iris-service/store/iris-store';
import { encodeChunk, encodeEnd, encodeHeader, type ExportHeader } from './export-format.js';
import { ExportReader } from './export-reader.js';
import type { Target } from './transfer.js';

/** An export being written. */
export class ExportWriter implements Target {
  private end = 0;
  /** Irises in the file. */
  private count = 0;
  private hash: Hash = createHash('sha256');

  private constructor(
    private readonly path: string,
    private readonly header: ExportHeader,
    private readonly file: FileHandle,
    private readonly before: ExportReader | null,
  ) {}

  /** @throws InvalidInputError when the file is there already */
  static async open(path: string, header: ExportHeader): Promise<ExportWriter> {
    if (await exists(path)) {
      throw new InvalidInputError(path, 'there already: remove it, or choose another name');
    }
    const file = await open(`${path}.partial`, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      return new ExportWriter(path, header, file, await begun(file, path, header));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get name(): string {
    return `${this.path}.partial`;
  }

  /** What an interrupted export wrote of the same store. */
  async *present(): AsyncGenerator<StoredIris> {
    if (this.before === null) {
      await this.file.truncate(0);
      await this.write(encodeHeader(this.header));
      return;
    }
    try {
      for await (const iris of this.before.irises()) {
        this.count += 1;
        yield iris;
      }
    } catch (error) {
      // Where it was interrupted it is neither whole nor sound: it goes on before that.
      if (!(error instanceof InvalidInputError)) throw error;
    }
    this.end = this.before.position;
    this.hash = this.before.hashSoFar();
    await this.file.truncate(this.end);
  }

  async append(irises: readonly StoredIris[]): Promise<void> {
    await this.write(encodeChunk(irises));
    this.count += irises.length;
  }

  /**
   * Ends the file and gives it its name, for good.
   * @throws ConflictError when the store gave another number of irises than it announced: no reader would take the file
   */
  async finish(): Promise<void> {
    if (this.count !== this.header.count) {
      throw new ConflictError(
        `the store announced ${this.header.count} irises and gave ${this.count}: see that no other program changes it ` +
          `and that its ids are from 1 to 4294967295, remove ${this.name}, and export again`,
      );
    }
    const end = encodeEnd();
    await this.write(Buffer.concat([end, this.hash.copy().update(end).digest()]));
    await this.file.sync();
    await rename(this.name, this.path);
    const directory = await open(dirname(this.path));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async write(piece: Buffer): Promise<void> {
    for (let written = 0; written < piece.byteLength;) {
      const { bytesWritten } = await this.file.write(
        piece,
        written,
        piece.byteLength - written,
        this.end + written,
      );
      written += bytesWritten;
    }
    this.hash.update(piece);
    this.end += piece.byteLength;
  }
}

/** What is begun of the same export, or null. */
async function begun(file: FileHandle, path: string, header: ExportHeader): Promise<ExportReader | null> {
  try {
    const reader = await ExportReader.open(file, path);
    return encodeHeader(reader.header).equals(encodeHeader(header)) ? reader : null;
  } catch (error) {
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
