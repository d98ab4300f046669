/** Ways in which disks, copies and hands damage a file: for tests. */
import fc from 'fast-check';

const PAGE_BYTES = 4_096;

/** What is done to a file. */
export type Damage =
  | { readonly kind: 'bit'; readonly at: number; readonly bit: number }
  | { readonly kind: 'zeroed page' | 'page of noise'; readonly at: number }
  | { readonly kind: 'page of another place'; readonly at: number; readonly from: number }
  | { readonly kind: 'cut'; readonly at: number };

/** Places are shares of the file's length, 0 to 1. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Any damage. */
export const anyDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('bit' as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constantFrom('zeroed page' as const, 'page of noise' as const), at: place }),
  fc.record({ kind: fc.constant('page of another place' as const), at: place, from: place }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
);

/** A damaged copy of a file's bytes. */
export function damaged(whole: Buffer, damage: Damage): Buffer {
  const bytes = Buffer.from(whole);
  const pageAt = (share: number) => {
    const page = Math.floor((share * bytes.byteLength) / PAGE_BYTES) * PAGE_BYTES;
    return bytes.subarray(page, page + PAGE_BYTES);
  };
  switch (damage.kind) {
    case 'bit':
      bytes[Math.floor(damage.at * bytes.byteLength)] ^= 1 << damage.bit;
      return bytes;
    case 'zeroed page':
      pageAt(damage.at).fill(0);
      return bytes;
    case 'page of noise':
      pageAt(damage.at).fill('noise');
      return bytes;
    case 'page of another place':
      pageAt(damage.at).set(pageAt(damage.from));
      return bytes;
    case 'cut':
      return bytes.subarray(0, Math.floor(damage.at * bytes.byteLength));
  }
}
