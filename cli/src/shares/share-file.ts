/** Shares in files: NDJSON, one capture a line, one file a party. A party's file goes to that party and nobody else. */
import { z } from 'zod';
import { PARTY_COUNT, type PartyIndex } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES, SHARE_NONCE_BYTES } from '@irispair/common/iris/share';
import { base64Text, parseObject, wrongType } from '../input/json-line.js';

/** One line of a file. */
export interface SharedCapture {
  /** As in the captures' file. */
  readonly id: string;
  /** What the parties call the request that this line makes; the same in all three files. */
  readonly requestId: string;
  readonly share: api.IrisShare;
}

/** Name of a party's file. */
export function shareFileName(party: PartyIndex): string {
  return `party-${party}.ndjson`;
}

const DIGEST_BYTES = 32;

function bytes(expected: number, encoding: 'base64' | 'hex') {
  const text =
    encoding === 'base64'
      ? base64Text('copy the line as `irispair share` wrote it')
      : z.hex({ error: wrongType('give hexadecimal digits') });
  return text
    .transform((digits) => Buffer.from(digits, encoding))
    .refine((held) => held.byteLength === expected, {
      error: ({ input }) => `${(input as Buffer).byteLength} bytes, expected ${expected}`,
    });
}

const GIVE_PARTY = 'give 0, 1 or 2';

const EYE = z.object(
  { code: bytes(CODE_SHARE_BYTES, 'base64'), mask: bytes(MASK_SHARE_BYTES, 'base64') },
  { error: wrongType('give code and mask, as `irispair share` writes them') },
);

const LINE = z.object(
  {
    id: z.string({ error: wrongType('give a string') }),
    request_id: z
      .string({ error: wrongType('give a string') })
      .min(1, 'empty: give 1 to 128 characters')
      .max(128, 'too long: give 1 to 128 characters'),
    party: z
      .int({ error: wrongType(GIVE_PARTY) })
      .min(0, GIVE_PARTY)
      .max(PARTY_COUNT - 1, GIVE_PARTY),
    left: EYE,
    right: EYE,
    digests: z
      .array(bytes(DIGEST_BYTES, 'hex'), { error: wrongType('give three digests') })
      .length(PARTY_COUNT, 'give three digests'),
    nonce: bytes(SHARE_NONCE_BYTES, 'hex'),
  },
  { error: wrongType('write one object a line, as `irispair share` does') },
);

/** One line for a file. */
export function formatShare({ id, requestId, share }: SharedCapture): string {
  const side = (template: api.TemplateShare | undefined) => ({
    code: template?.code.toString('base64'),
    mask: template?.mask.toString('base64'),
  });
  return JSON.stringify({
    id,
    request_id: requestId,
    party: share.party,
    left: side(share.left),
    right: side(share.right),
    digests: share.digests.map((digest) => digest.toString('hex')),
    nonce: share.nonce.toString('hex'),
  });
}

/** Reads one line. @throws InvalidInputError naming the field */
export function parseShare(line: string): SharedCapture {
  const { id, request_id: requestId, party, left, right, digests, nonce } = parseObject(LINE, line);
  return { id, requestId, share: { party, left, right, digests, nonce } };
}
