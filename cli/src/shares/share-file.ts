/** Shares in files: NDJSON, one capture a line, one file a party. A party's file goes to that party and nobody else. */
import { z } from 'zod';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { PARTY_COUNT, type PartyIndex } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES, SHARE_NONCE_BYTES } from '@irispair/common/iris/share';

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

function bytes(field: string, expected: number, encoding: 'base64' | 'hex') {
  const text = encoding === 'base64' ? z.base64(`${field}: not base64`) : z.hex(`${field}: not hexadecimal`);
  return text
    .transform((digits) => Buffer.from(digits, encoding))
    .refine((held) => held.byteLength === expected, {
      error: ({ input }) => `${field}: ${(input as Buffer).byteLength} bytes, expected ${expected}`,
    });
}

function eye(side: string) {
  return z.object(
    {
      code: bytes(`${side}.code`, CODE_SHARE_BYTES, 'base64'),
      mask: bytes(`${side}.mask`, MASK_SHARE_BYTES, 'base64'),
    },
    `${side}: missing: give code and mask, as \`irispair share\` writes them`,
  );
}

const LINE = z.object({
  id: z.string('id: missing: give a string'),
  request_id: z
    .string('request_id: missing: give a string')
    .min(1, 'request_id: empty')
    .max(128, 'request_id: too long'),
  party: z
    .int('party: missing: give 0, 1 or 2')
    .min(0, 'party: give 0, 1 or 2')
    .max(PARTY_COUNT - 1, 'party: give 0, 1 or 2'),
  left: eye('left'),
  right: eye('right'),
  digests: z
    .array(bytes('digests', DIGEST_BYTES, 'hex'), 'digests: missing')
    .length(PARTY_COUNT, 'digests: give three'),
  nonce: bytes('nonce', SHARE_NONCE_BYTES, 'hex'),
});

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
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InvalidInputError('line', 'not JSON: write one object a line, as `irispair share` does');
  }
  const read = LINE.safeParse(value);
  if (!read.success) {
    const { message, path } = read.error.issues[0];
    throw new InvalidInputError(path.join('.') || 'line', message.replace(/^[\w.]+: /, ''));
  }
  const { id, request_id: requestId, party, left, right, digests, nonce } = read.data;
  return { id, requestId, share: { party, left, right, digests, nonce } };
}
