/**
 * Whether the trees of an LMDB snapshot are whole.
 *
 * 1. From the meta page down, every page that a tree has is read once, and never through a mapping: LMDB believes what a page
 *    says of itself, and follows it out of the file.
 * 2. A page has its own number, its kind and nodes that fill it without gap or overlap; no page is in use twice.
 * 3. Keys that are numbers ascend, and stay between those of the page above. The nodes of a tree are as many as its description
 *    says.
 *
 * What a record holds is not looked at: records have checksums of their own.
 */
import { readSync } from 'node:fs';
import { NO_PAGE, PAGE_HEADER_BYTES, readTree, TREE_BYTES, type Meta, type Tree } from './lmdb-meta.js';

const NODE_HEADER_BYTES = 8;
const OVERFLOW_REFERENCE_BYTES = 24;
const FIRST_DATA_PAGE = 2;
const MOST_DEPTH = 32;
const NUMERIC_KEYS = 0x08;

enum PageKind {
  Branch = 1,
  Leaf = 2,
}
/** The bits that say what kind of page it is; others are LMDB's own notes. */
const KIND_BITS = 0x7f;

enum NodeKind {
  Plain = 0,
  Overflow = 1,
  Subtree = 2,
}

/** What is wrong, without the file's name. */
export class TreeFault extends Error {}

/** Reads pages of an open file. */
export interface PageSource {
  readonly descriptor: number;
  readonly bytes: number;
}

/** A page to read, with what the page above it says. */
interface Place {
  readonly tree: Tree;
  readonly number: bigint;
  /** 1 for a leaf. */
  readonly height: number;
  readonly least: bigint | undefined;
  /** Its keys are below this. */
  readonly bound: bigint | undefined;
}

/** Checks the trees of one snapshot, step by step. */
export class TreeCheck {
  private readonly used: Uint8Array;
  private readonly lastPage: number;
  private readonly pageSize: number;
  private pages = 0;

  constructor(
    private readonly source: PageSource,
    private readonly meta: Meta,
  ) {
    this.pageSize = meta.pageSize;
    // More pages than the file could ever have had would only make this list of them long.
    if (meta.lastPage > BigInt(Number.MAX_SAFE_INTEGER) || Number(meta.lastPage) / 4 > source.bytes) {
      throw new TreeFault(
        `its meta page speaks of ${meta.lastPage} pages, the file has ${source.bytes} bytes`,
      );
    }
    this.lastPage = Number(meta.lastPage);
    this.used = new Uint8Array(Math.ceil((this.lastPage + 1) / 8));
  }

  /** Yields after every page: how many were read. @throws TreeFault */
  *run(): Generator<number> {
    yield* this.tree(this.meta.free, false);
    yield* this.tree(this.meta.main, true);
  }

  private *tree(tree: Tree, hasSubtrees: boolean): Generator<number> {
    if (tree.root === NO_PAGE) {
      if (tree.entries === 0n && tree.depth === 0) return;
      throw new TreeFault(`a table of ${tree.entries} records has no first page`);
    }
    if (tree.depth < 1 || tree.depth > MOST_DEPTH) throw new TreeFault(`a table is ${tree.depth} pages deep`);
    let entries = 0;
    const below: Place[] = [
      { tree, number: tree.root, height: tree.depth, least: undefined, bound: undefined },
    ];
    for (let place = below.pop(); place !== undefined; place = below.pop()) {
      const page = this.read(place.number, place.height === 1 ? PageKind.Leaf : PageKind.Branch);
      const nodes = this.nodesOf(page, place);
      if (place.height > 1) below.push(...this.children(page, nodes, place).reverse());
      else {
        entries += nodes.length;
        for (const node of nodes) {
          const subtree = this.leafNode(page, node, place.number, hasSubtrees);
          if (subtree !== undefined) yield* this.tree(subtree, false);
        }
      }
      this.pages += 1;
      yield this.pages;
    }
    if (BigInt(entries) !== tree.entries) {
      throw new TreeFault(`a table of ${tree.entries} records holds ${entries}`);
    }
  }

  private read(number: bigint, kind: PageKind): Buffer {
    this.use(number, 1);
    const page = Buffer.allocUnsafe(this.pageSize);
    const position = Number(number) * this.pageSize;
    if (readSync(this.source.descriptor, page, 0, this.pageSize, position) !== this.pageSize) {
      throw this.beyondEnd(number);
    }
    if (page.readBigUInt64LE(0) !== number)
      throw new TreeFault(`page ${number} is not what was written there`);
    const found = page.readUInt16LE(18) & KIND_BITS;
    if (found !== (kind as number))
      throw new TreeFault(`page ${number} is of kind ${found}, expected ${kind}`);
    return page;
  }

  /** Notes pages as in use. */
  private use(first: bigint, count: number): void {
    const last = first + BigInt(count) - 1n;
    if (count < 1 || first < FIRST_DATA_PAGE || last > this.lastPage) {
      throw new TreeFault(`page ${first} is referred to, the last one is ${this.lastPage}`);
    }
    if ((Number(last) + 1) * this.pageSize > this.source.bytes) throw this.beyondEnd(last);
    for (let page = Number(first); page <= Number(last); page++) {
      const bit = 1 << (page & 7);
      if ((this.used[page >>> 3] & bit) !== 0) throw new TreeFault(`page ${page} is in use twice`);
      this.used[page >>> 3] |= bit;
    }
  }

  private beyondEnd(page: bigint): TreeFault {
    const { bytes } = this.source;
    const expected = (this.lastPage + 1) * this.pageSize;
    return new TreeFault(
      `the file is cut: it has ${bytes} bytes and page ${page}, which is in use, lies behind them ` +
        `(its meta page speaks of ${expected} bytes)`,
    );
  }

  /** Where the nodes of a page begin; keys are checked. */
  private nodesOf(page: Buffer, { tree, number, height, least, bound }: Place): number[] {
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = this.pageSize - PAGE_HEADER_BYTES;
    if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > room) {
      throw new TreeFault(`page ${number} is damaged: its bounds are ${lower} and ${upper} of ${room} bytes`);
    }
    const nodes: number[] = [];
    let taken = 0;
    let before = least;
    for (let index = 0; index < lower / 2; index++) {
      const pointer = page.readUInt16LE(PAGE_HEADER_BYTES + 2 * index);
      const node = PAGE_HEADER_BYTES + pointer;
      if (pointer < upper || node + NODE_HEADER_BYTES > this.pageSize) throw this.damagedNode(number, index);
      const size = nodeBytes(page, node, height);
      if (node + size > this.pageSize) throw this.damagedNode(number, index);
      taken += size + (size % 2);
      nodes.push(node);
      // The first key of a branch stands for whatever is below the second.
      if ((tree.flags & NUMERIC_KEYS) === 0 || (height > 1 && index === 0)) continue;
      const key = numericKey(page, node);
      if (key === undefined) throw this.damagedNode(number, index);
      const isAbove = before === undefined || key > before || (key === before && index === 0);
      if (!isAbove || (bound !== undefined && key >= bound)) {
        throw new TreeFault(`page ${number} is damaged: key ${key} is out of order`);
      }
      before = key;
    }
    if (taken !== room - upper) {
      throw new TreeFault(`page ${number} is damaged: its nodes take ${taken} of ${room - upper} bytes`);
    }
    return nodes;
  }

  private damagedNode(page: bigint, index: number): TreeFault {
    return new TreeFault(`page ${page} is damaged: node ${index} has no place in it`);
  }

  private children(page: Buffer, nodes: readonly number[], { tree, height, least, bound }: Place): Place[] {
    const isNumeric = (tree.flags & NUMERIC_KEYS) !== 0;
    return nodes.map((node, index) => {
      const number = BigInt(page.readUInt32LE(node)) | (BigInt(page.readUInt16LE(node + 4)) << 32n);
      const next = nodes.at(index + 1);
      return {
        tree,
        number,
        height: height - 1,
        least: !isNumeric || index === 0 ? least : numericKey(page, node),
        bound: !isNumeric || next === undefined ? bound : numericKey(page, next),
      };
    });
  }

  /** @returns the table that a node describes */
  private leafNode(page: Buffer, node: number, number: bigint, hasSubtrees: boolean): Tree | undefined {
    const kind = page.readUInt16LE(node + 4);
    const data = node + NODE_HEADER_BYTES + page.readUInt16LE(node + 6);
    if (kind === (NodeKind.Overflow as number)) {
      const bytes = page.readUInt32LE(node);
      const pages = page.readBigUInt64LE(data + 16);
      const needed = Math.floor((PAGE_HEADER_BYTES - 1 + bytes) / this.pageSize) + 1;
      if (pages < needed || pages > this.lastPage) {
        throw new TreeFault(`page ${number} is damaged: ${bytes} bytes are said to take ${pages} pages`);
      }
      this.use(page.readBigUInt64LE(data), Number(pages));
      return undefined;
    }
    if (kind === (NodeKind.Subtree as number) && hasSubtrees && page.readUInt32LE(node) === TREE_BYTES) {
      return readTree(page, data);
    }
    if (kind !== (NodeKind.Plain as number)) {
      throw new TreeFault(`page ${number} is damaged: a node is of kind ${kind}`);
    }
    return undefined;
  }
}

/** Bytes of a node with its key and what lies beside it. */
function nodeBytes(page: Buffer, node: number, height: number): number {
  const withKey = NODE_HEADER_BYTES + page.readUInt16LE(node + 6);
  if (height > 1) return withKey;
  const isOverflow = (page.readUInt16LE(node + 4) & NodeKind.Overflow) !== 0;
  return withKey + (isOverflow ? OVERFLOW_REFERENCE_BYTES : page.readUInt32LE(node));
}

function numericKey(page: Buffer, node: number): bigint | undefined {
  const bytes = page.readUInt16LE(node + 6);
  if (bytes === 8) return page.readBigUInt64LE(node + NODE_HEADER_BYTES);
  return bytes === 4 ? BigInt(page.readUInt32LE(node + NODE_HEADER_BYTES)) : undefined;
}
