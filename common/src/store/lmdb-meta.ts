/**
 * The meta pages of an LMDB file: which snapshot LMDB opens, read before the file is mapped.
 *
 * The layout is that of the LMDB which lmdb-js bundles (data version 2, little-endian, 64 bits): a page begins with 24 bytes of
 * header; pages 0 and 1 are meta pages, and transaction N writes page N mod 2. A writer that does not wait for the disk keeps a
 * third one in the middle of page 0: the last snapshot that is on the disk.
 */

/** Bytes before the content of a page. */
export const PAGE_HEADER_BYTES = 24;
/** Bytes of a tree's description. */
export const TREE_BYTES = 48;
/** What LMDB writes for a tree without pages. */
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Bytes of a meta page that are read. */
export const META_BYTES = PAGE_HEADER_BYTES + 144;

const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const META_PAGE_FLAG = 0x08;
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65_536;
/** The snapshot may not be on the disk. */
const UNFLUSHED_FLAG = 0x1000;

/** A tree of pages. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly entries: bigint;
  readonly root: bigint;
}

/** What a meta page says. */
export interface Meta {
  readonly pageSize: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: bigint;
  readonly transaction: bigint;
  readonly isUnflushed: boolean;
  readonly bootId: bigint;
}

/** A tree's description. */
export function readTree(bytes: Buffer, offset: number): Tree {
  return {
    flags: bytes.readUInt16LE(offset + 4),
    depth: bytes.readUInt16LE(offset + 6),
    entries: bytes.readBigUInt64LE(offset + 32),
    root: bytes.readBigUInt64LE(offset + 40),
  };
}

/** A meta page; undefined when these bytes are none. @param bytes `META_BYTES` from the page's begin */
export function readMeta(bytes: Buffer): Meta | undefined {
  const isMarked =
    (bytes.readUInt16LE(18) & META_PAGE_FLAG) !== 0 &&
    bytes.readUInt32LE(24) === MAGIC &&
    (bytes.readUInt32LE(28) & 0xffff) === DATA_VERSION;
  return isMarked ? readUnmarkedMeta(bytes) : undefined;
}

/** The third meta page, which has no marks; undefined when there is none. */
export function readUnmarkedMeta(bytes: Buffer): Meta | undefined {
  const pageSize = bytes.readUInt32LE(48);
  const isPageSize =
    pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE && (pageSize & (pageSize - 1)) === 0;
  if (!isPageSize) return undefined;
  const free = readTree(bytes, 48);
  return {
    pageSize,
    free,
    main: readTree(bytes, 96),
    lastPage: bytes.readBigUInt64LE(144),
    transaction: bytes.readBigUInt64LE(152),
    isUnflushed: (free.flags & UNFLUSHED_FLAG) !== 0,
    bootId: bytes.readBigInt64LE(160),
  };
}

/** The snapshot that LMDB opens of a file whose writer waits for the disk. */
export function newerOf(one: Meta, other: Meta): Meta {
  return one.transaction >= other.transaction ? one : other;
}

/**
 * The snapshot that LMDB opens of a file whose writer does not wait for the disk: the newest, unless the machine was started anew
 * since, and the newest is not known to be on the disk.
 * @param flushed the third meta page; undefined where there is none
 */
export function survivorOf(one: Meta, other: Meta, flushed: Meta | undefined, bootId: bigint): Meta {
  const survivor = safeOf(one, other, bootId);
  return flushed === undefined ? survivor : safeOf(survivor, flushed, bootId);
}

function safeOf(one: Meta, other: Meta, bootId: bigint): Meta {
  if (other.transaction === 0n) return one;
  const newest = newerOf(one, other);
  const isSafe = (newest.bootId !== 0n && newest.bootId === bootId) || !newest.isUnflushed;
  if (isSafe) return newest;
  return one.transaction > other.transaction ? other : one;
}
