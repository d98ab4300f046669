/**
 * What shows that three parties hold the same: the sum of the SHA-256 values of all entries, modulo 2^256. It is kept up to
 * date entry by entry, whatever the order of changes.
 */
import { createHash } from 'node:crypto';
import type { Side } from '@irispair/common/iris/side';
import type { RegisteredIris } from '../iris/registered-iris.js';

/** Bytes of a checksum. */
export const CHECKSUM_BYTES = 32;

const MODULUS = 1n << BigInt(8 * CHECKSUM_BYTES);

/** An entry's bytes; undefined when there is none. */
export type Entry = Uint8Array | undefined;

/** Told of every change before it is made. */
export interface Sum {
  change(before: () => Entry, after: () => Entry): void;
  /** Nothing is left. */
  clear(): void;
}

/** Plain mode: nobody compares. */
export const NO_SUM: Sum = { change: () => undefined, clear: () => undefined };

/** The sum of all entries. */
export class Checksum implements Sum {
  private sum = 0n;

  change(before: () => Entry, after: () => Entry): void {
    const next = this.sum - valueOf(before()) + valueOf(after());
    this.sum = ((next % MODULUS) + MODULUS) % MODULUS;
  }

  clear(): void {
    this.sum = 0n;
  }

  /** 32 bytes. */
  read(): Buffer {
    return Buffer.from(this.sum.toString(16).padStart(2 * CHECKSUM_BYTES, '0'), 'hex');
  }
}

function valueOf(entry: Entry): bigint {
  if (entry === undefined) return 0n;
  return BigInt(`0x${createHash('sha256').update(entry).digest('hex')}`);
}

enum Kind {
  Registered = 0,
  Node = 1,
  Row = 2,
}

/** A serial id of the registry. */
export function registryEntry({ id, deleted }: RegisteredIris): Entry {
  return words([Kind.Registered, id.serialId, id.version, Number(deleted)]);
}

/** A node of the graph; untouched memory is no entry. */
export function nodeEntry(serial: number, word: number): Entry {
  return word === 0 ? undefined : words([Kind.Node, serial, word]);
}

/** A row of the graph; an empty one is no entry. */
export function rowEntry(side: Side, layer: number, serial: number, neighbours: ArrayLike<number>): Entry {
  return neighbours.length === 0 ? undefined : words([Kind.Row, side, layer, serial], neighbours);
}

/** All machines that this runs on are little-endian. */
function words(head: readonly number[], rest: ArrayLike<number> = []): Uint8Array {
  const all = new Uint32Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  return new Uint8Array(all.buffer);
}
