/** How memory is asked for. */
export type MemoryPolicy =
  | { readonly kind: 'bind'; readonly nodes: readonly number[] }
  | { readonly kind: 'preferred'; readonly node: number }
  | { readonly kind: 'interleave'; readonly nodes: readonly number[] }
  /** The cgroup allows these nodes alone: nothing is asked of the kernel. */
  | { readonly kind: 'given'; readonly nodes: readonly number[] }
  | { readonly kind: 'default' };

/** Whether arenas use hugepages: fail without them, fall back, or do not try. */
export type HugepageUse = 'require' | 'prefer' | 'off';

/** The nodes that a policy names; none where it leaves the choice to the kernel. */
export function nodesOfPolicy(policy: MemoryPolicy): readonly number[] {
  switch (policy.kind) {
    case 'bind':
    case 'interleave':
    case 'given':
      return policy.nodes;
    case 'preferred':
      return [policy.node];
    case 'default':
      return [];
  }
}
