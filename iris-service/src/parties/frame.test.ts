import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PARTIES } from '@irispair/common/parties/party';
import { FrameKind, frameHeader, FrameReader, FramingError, NO_RUN, runId, type Frame } from './frame.js';
import { reasonPayload, reasonText } from './reason.js';

const MOST_BYTES = 300;
const [SENDER] = PARTIES;

/** A frame as it is sent, and as it must arrive. */
const FRAMES = fc.oneof(
  fc.constant({ kind: FrameKind.Hello, run: NO_RUN, sequence: 0, payload: Buffer.alloc(0) }),
  fc.constant({ kind: FrameKind.Ping, run: NO_RUN, sequence: 0, payload: Buffer.alloc(0) }),
  fc
    .record({
      name: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      step: fc.nat(0xffff_ffff),
      sequence: fc.nat(0xffff_ffff),
      payload: fc.uint8Array({ maxLength: MOST_BYTES }),
    })
    .map(({ name, step, sequence, payload }) => ({
      kind: FrameKind.Data,
      run: runId(name, step),
      sequence,
      payload: Buffer.from(payload),
    })),
);

function written({ kind, run, sequence, payload }: Frame): Buffer {
  return Buffer.concat([frameHeader(kind, SENDER, run, sequence, payload.byteLength), payload]);
}

describe('frames', () => {
  it('arrive as they were sent, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(FRAMES, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 64 })),
        (frames, cuts) => {
          const read: Frame[] = [];
          const reader = new FrameReader(SENDER, MOST_BYTES, (frame) => read.push(frame));
          let rest = Buffer.concat(frames.map(written));
          for (const cut of cuts) {
            reader.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          reader.push(rest);
          assert.deepEqual(read, frames);
        },
      ),
    );
  });

  it('are refused as frames, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        FRAMES,
        fc.array(fc.tuple(fc.nat(31), fc.nat(255)), { maxLength: 3 }),
        fc.uint8Array({ maxLength: 100 }),
        (frame, changes, garbage) => {
          const bytes = Buffer.concat([written(frame), garbage]);
          for (const [place, byte] of changes) bytes[place] = byte;
          const reader = new FrameReader(SENDER, MOST_BYTES, ({ kind, payload }) => {
            assert.ok(kind in FrameKind && payload.byteLength <= 512);
          });
          try {
            reader.push(bytes);
          } catch (error) {
            assert.ok(error instanceof FramingError, String(error));
          }
        },
      ),
    );
  });

  it('say what is wrong with a header', () => {
    const cases: [place: number, byte: number, RegExp][] = [
      [0, 2, /speaks version 2 of the links, this service version 1/],
      [1, 0, /unknown kind 0/],
      [1, 7, /unknown kind 7/],
      [2, 1, /a frame of party 1 on the link of party 0/],
      [3, 1, /fourth byte is not zero/],
      [29, 2, /a data frame of 512 bytes: 0 to 300 are allowed/],
    ];
    for (const [place, byte, message] of cases) {
      const header = frameHeader(FrameKind.Data, SENDER, NO_RUN, 0, 0);
      header[place] = byte;
      const reader = new FrameReader(SENDER, MOST_BYTES, () => undefined);
      assert.throws(() => {
        reader.push(header);
      }, message);
    }
  });
});

describe('reasons', () => {
  it('are short and printable, whatever they were', () => {
    assert.equal(reasonText(reasonPayload('away')), 'away');
    assert.equal(reasonText(reasonPayload('a\nb\u001b[31m\u20ac')), 'a?b?[31m?');
    assert.equal(reasonPayload('x'.repeat(2_000), [1]).byteLength, 512);
    assert.equal(reasonPayload('').byteLength, 1);
  });
});
