/** How memory is asked for. */
export type MemoryPolicy =
  | { readonly kind: 'bind'; readonly nodes: readonly number[] }
  | { readonly kind: 'preferred'; readonly node: number }
  | { readonly kind: 'interleave'; readonly nodes: readonly number[] }
  | { readonly kind: 'default' };

/** Whether arenas use hugepages: fail without them, fall back, or do not try. */
export type HugepageUse = 'require' | 'prefer' | 'off';
