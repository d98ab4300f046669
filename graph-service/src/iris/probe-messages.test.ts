import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { IrisMessage } from '@irispair/common/iris/message';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES } from '@irispair/common/iris/share';
import { CODE_BYTES } from '@irispair/common/iris/template';
import { PrepareQueryRequest } from '@irispair/proto/compute';
import { HOP_MESSAGE_BYTES } from '@irispair/common/grpc/limits';
import { inMessages } from './probe-messages.js';

const MOST_PROBES = 1_024;

function probes(count: number, codeBytes: number, maskBytes: number): IrisMessage[] {
  const eye = { irisCodes: Buffer.alloc(codeBytes), maskCodes: Buffer.alloc(maskBytes) };
  return Array.from({ length: count }, () => ({ left: { ...eye }, right: { ...eye } }));
}

it('probes fit the messages of the hop: templates of the largest batch one, shares several, none left out', () => {
  assert.equal([...inMessages(probes(MOST_PROBES, CODE_BYTES, CODE_BYTES))].length, 1);
  assert.deepEqual([...inMessages([])], []);
  for (const count of [1, 32, 95, 96, 300]) {
    const all = probes(count, CODE_SHARE_BYTES, MASK_SHARE_BYTES);
    const messages = [...inMessages(all)];
    assert.deepEqual(messages.flat(), all);
    assert.ok(count < 96 === (messages.length === 1), `${count} in ${messages.length} messages`);
    for (const message of messages) {
      const encoded = PrepareQueryRequest.encode({
        sessionId: Number.MAX_SAFE_INTEGER,
        probes: message,
      }).finish();
      assert.ok(encoded.byteLength <= HOP_MESSAGE_BYTES);
    }
  }
});
