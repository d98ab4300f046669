/** The leader's graph on its way to a follower whose own differs. */
import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { UnavailableError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import type { CopyGraphRequest, CopyGraphResponse } from '@irispair/proto/agreement';
import { packNode, unpackNode } from '../graph/graph-node.js';
import type { GraphPart } from '../index/graph-index.js';

const ROW_HEAD_WORDS = 4;

/** Writes all parts as fast as they are read. */
export async function sendGraph(
  parts: Iterable<GraphPart>,
  call: ServerWritableStream<CopyGraphRequest, CopyGraphResponse>,
): Promise<void> {
  const gone = new AbortController();
  call.on('cancelled', () => {
    gone.abort();
  });
  for (const part of parts) {
    if (gone.signal.aborted) return;
    if (!call.write(packPart(part))) await once(call, 'drain', { signal: gone.signal });
  }
}

/** Reads parts as they come. @throws UnavailableError when a part is not one */
export async function* receiveGraph(call: AsyncIterable<unknown>): AsyncGenerator<GraphPart> {
  for await (const part of call) yield unpackPart(part as CopyGraphResponse);
}

/** A part in a message. */
export function packPart({ nodes, rows }: GraphPart): CopyGraphResponse {
  const nodeWords = nodes.flatMap((node) => [node.serialId, packNode(node)]);
  const length = rows.reduce((sum, { neighbours }) => sum + ROW_HEAD_WORDS + neighbours.length, 0);
  const rowWords = new Uint32Array(length);
  let offset = 0;
  for (const { side, layer, serialId: serial, neighbours } of rows) {
    rowWords.set([side, layer, serial, neighbours.length], offset);
    rowWords.set(neighbours, offset + ROW_HEAD_WORDS);
    offset += ROW_HEAD_WORDS + neighbours.length;
  }
  return {
    nodes: Buffer.from(Uint32Array.from(nodeWords).buffer),
    rows: Buffer.from(rowWords.buffer),
  };
}

/** The part in a message. @throws UnavailableError when it is none */
export function unpackPart(message: CopyGraphResponse): GraphPart {
  const nodeWords = wordsOf(message.nodes);
  const rowWords = wordsOf(message.rows);
  const rows: GraphPart['rows'][number][] = [];
  for (let offset = 0; offset < rowWords.length;) {
    const [side, layer, serial, count] = rowWords.subarray(offset, offset + ROW_HEAD_WORDS);
    offset += ROW_HEAD_WORDS;
    if (offset > rowWords.length || offset + count > rowWords.length)
      throw new UnavailableError("the leader's graph came with a row that is cut off");
    rows.push({
      side: side === 0 ? Side.Left : Side.Right,
      layer,
      serialId: serialId(serial),
      neighbours: rowWords.slice(offset, offset + count),
    });
    offset += count;
  }
  const nodes = Array.from({ length: Math.floor(nodeWords.length / 2) }, (_, place) => ({
    serialId: serialId(nodeWords[2 * place]),
    ...unpackNode(nodeWords[2 * place + 1]),
  }));
  return { nodes, rows };
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.byteLength / 4));
}
