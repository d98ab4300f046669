/** Shared arrays that grow by whole chunks and never move, so that threads may read while one writes. */

/** Elements of one chunk, a power of two. */
export interface ChunkSize {
  readonly rows: number;
  /** 32-bit words of one row. */
  readonly stride: number;
}

/** Told of every new chunk, so that other threads can be given it. */
export type ChunkListener = (chunk: SharedArrayBuffer) => void;

/** Rows of 32-bit words. */
export class SharedRows {
  private readonly chunks: Uint32Array[] = [];

  constructor(private readonly size: ChunkSize) {}

  /** Rows that exist. */
  get rows(): number {
    return this.chunks.length * this.size.rows;
  }

  /** 32-bit words of one row. */
  get stride(): number {
    return this.size.stride;
  }

  /** All chunks, of this array's memory everything. Do not keep them. */
  arrays(): readonly Uint32Array[] {
    return this.chunks;
  }

  /** Adds a chunk made by another thread. */
  adopt(chunk: SharedArrayBuffer): void {
    this.chunks.push(new Uint32Array(chunk));
  }

  /** Adds chunks until `row` exists. */
  ensure(row: number, added: ChunkListener): void {
    while (row >= this.rows) {
      const chunk = new SharedArrayBuffer(this.size.rows * this.size.stride * Uint32Array.BYTES_PER_ELEMENT);
      this.adopt(chunk);
      added(chunk);
    }
  }

  /** The chunk that holds a row. */
  chunkOf(row: number): Uint32Array {
    return this.chunks[Math.floor(row / this.size.rows)];
  }

  /** Where the row starts in its chunk. */
  offsetOf(row: number): number {
    return (row % this.size.rows) * this.size.stride;
  }
}
