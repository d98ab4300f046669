import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { version } from '@irispair/common/ids/vector-id';
import { isLiveWord, NodeState, packNode, UNKNOWN_NODE, unpackNode, versionInWord } from './graph-node.js';

const NODE = fc.record(
  {
    state: fc.constantFrom(NodeState.Unknown, NodeState.Live, NodeState.Deleted),
    version: fc.integer({ min: 0, max: 0xffff }).map((value) => version(value)),
    layer: fc.integer({ min: 0, max: 0xff }),
  },
  { noNullPrototype: true },
);

describe('a node in one word', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(NODE, (node) => {
        const word = packNode(node);
        assert.deepEqual(unpackNode(word), node);
        assert.deepEqual(unpackNode(Uint32Array.of(word)[0]), node);
        assert.equal(isLiveWord(word), node.state === NodeState.Live);
        assert.equal(versionInWord(word), node.version);
      }),
    );
  });

  it('is unknown where memory was never touched', () => {
    assert.deepEqual(unpackNode(0), UNKNOWN_NODE);
    assert.equal(isLiveWord(0), false);
  });
});
