/** Which eye, and how the probe is held against the gallery. The values are those of the native layer. */

/** Each side has its own store, graph and worker pool. */
export enum Side {
  Left = 0,
  Right = 1,
}

/** With `Mirror` the probe's other eye, mirrored, is compared with the irises of the searched side. */
export enum Orientation {
  Normal = 0,
  Mirror = 1,
}

/** Both sides, in the order in which everything keeps them. */
export const SIDES: readonly Side[] = [Side.Left, Side.Right];

/** The side's name, for people. */
export function sideName(side: Side): 'left' | 'right' {
  return side === Side.Left ? 'left' : 'right';
}
