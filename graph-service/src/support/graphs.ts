/** Small graphs for tests. */
import { serialId, version } from '@irispair/common/ids/vector-id';
import { SIDES, type Side } from '@irispair/common/iris/side';
import type { GraphMemory } from '../graph/graph-memory.js';
import { NodeState } from '../graph/graph-node.js';

/** Makes a serial id live. */
export function addNode(memory: GraphMemory, serial: number, layer = 0): void {
  memory.setNode(serialId(serial), { state: NodeState.Live, version: version(0), layer });
}

/** Takes a serial id out of the living; its links stay. */
export function deleteNode(memory: GraphMemory, serial: number): void {
  const { layer } = memory.node(serial);
  memory.setNode(serialId(serial), { state: NodeState.Deleted, version: version(1), layer });
}

/** Sets a row. */
export function setRow(
  memory: GraphMemory,
  side: Side,
  layer: number,
  serial: number,
  neighbours: readonly number[],
): void {
  memory.setNeighbours(side, layer, serialId(serial), neighbours);
}

/** Everybody is everybody's neighbour, on both sides. */
export function linkFully(memory: GraphMemory, serials: readonly number[]): void {
  for (const serial of serials) addNode(memory, serial);
  for (const serial of serials) {
    const others = serials.filter((other) => other !== serial);
    for (const side of SIDES) setRow(memory, side, 0, serial, others);
  }
}
