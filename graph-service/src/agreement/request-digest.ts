/** What shows three parties that they hold shares of one capture, and the same request about it. */
import { createHash } from 'node:crypto';
import type { Ask } from '../batch/request.js';

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;

/**
 * SHA-256 of a party's nonce and its share's parts in the order left code, left mask, right code, right mask. The nonce keeps
 * a party that knows a capture from trying out whether another's digest is of it.
 */
export function shareDigest(nonce: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(nonce);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/**
 * SHA-256 of what is asked.
 * @param shares digests of the three parties' shares; none for a deletion
 */
export function requestDigest(ask: Ask, shares: readonly Uint8Array[]): Buffer {
  const asked = {
    kind: ask.kind,
    serialId: 'serialId' in ask ? ask.serialId : 0,
    orList: 'orList' in ask ? ask.orList : [],
    shares: shares.map((digest) => Buffer.from(digest).toString('hex')),
  };
  return createHash('sha256').update(JSON.stringify(asked)).digest();
}
