/** How much memory the graphs of both sides take at a size, before they are built; GraphMemory decides it. */
import { SIDES } from '@irispair/common/iris/side';
import { NODES_A_CHUNK, UPPER_ROWS_A_CHUNK } from './graph-memory.js';

const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/**
 * Bytes of both graphs when every layer has as many nodes as is expected of it.
 * @param irises serial ids, deleted ones included
 * @param m neighbours chosen for a new node: one node in so many reaches the next layer
 * @param rowLimit neighbours that a row can hold
 */
export function expectedGraphBytes(irises: number, m: number, rowLimit: number): number {
  const table = wholeChunks(irises + 1, NODES_A_CHUNK) * WORD_BYTES;
  const rowBytes = (rowLimit + 1) * WORD_BYTES;
  let bytes = table + SIDES.length * wholeChunks(irises + 1, NODES_A_CHUNK) * rowBytes;
  for (let nodes = irises / m; nodes >= 0.5; nodes /= m) {
    bytes += SIDES.length * (table + wholeChunks(nodes, UPPER_ROWS_A_CHUNK) * rowBytes);
  }
  return bytes;
}

function wholeChunks(rows: number, chunk: number): number {
  return Math.ceil(rows / chunk) * chunk;
}
