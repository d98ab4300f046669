/** A node's state in one 32-bit word: layer in the top byte, then state, then the version's 16 bits. */
import { version as checkedVersion, type Version } from '@irispair/common/ids/vector-id';

/** What the graph knows of a serial id. */
export enum NodeState {
  Unknown = 0,
  Live = 1,
  Deleted = 2,
}

/** One node. */
export interface GraphNode {
  readonly state: NodeState;
  readonly version: Version;
  readonly layer: number;
}

/** What untouched memory means. */
export const UNKNOWN_NODE: GraphNode = { state: NodeState.Unknown, version: checkedVersion(0), layer: 0 };

const STATES: readonly NodeState[] = [NodeState.Unknown, NodeState.Live, NodeState.Deleted];

/** The node's word. */
export function packNode({ state, version, layer }: GraphNode): number {
  return ((layer << 24) | (state << 16) | version) >>> 0;
}

/** The word's node. */
export function unpackNode(word: number): GraphNode {
  return {
    state: STATES[(word >>> 16) & 0xff] ?? NodeState.Unknown,
    version: checkedVersion(word & 0xffff),
    layer: word >>> 24,
  };
}

/** Whether the word's node is live, without unpacking it. */
export function isLiveWord(word: number): boolean {
  return STATES[(word >>> 16) & 0xff] === NodeState.Live;
}

/** The version in a word. */
export function versionInWord(word: number): number {
  return word & 0xffff;
}
