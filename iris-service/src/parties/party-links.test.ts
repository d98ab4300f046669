/** Links between three parties over real TLS on loopback. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { PartyFailedError } from '@irispair/common/errors/errors';
import { PARTIES } from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { Script } from '@irispair/common/support/script';
import { until } from '@irispair/common/support/until';
import { dataFrame, LyingParty } from '../support/lying-party.js';
import { identityOf, RingUnderTest, runName, TEST_LIMITS } from '../support/ring-under-test.js';
import { FrameKind, frameHeader, NO_RUN, runId } from './frame.js';
import { hostPort } from './link-address.js';
import type { PartyLinks, RunChannel } from './party-links.js';

const MEBIBYTE = 1 << 20;

/** What a party sends in a round of a run: tells whose it is, and is of a size that they all know. */
function messageOf(party: number, number: number, round: number): Buffer {
  const length = (number * 7_919 + round * 104_729) % 5_000;
  return Buffer.alloc(length, (party * 89 + number * 31 + round * 7) % 251);
}

/** Runs a run at one party, all of its rounds. */
async function carry(channel: RunChannel, party: number, number: number, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const expected = messageOf((party + 2) % 3, number, round);
    const received = await channel.exchange(messageOf(party, number, round), expected.byteLength);
    assert.ok(received.equals(expected), `run ${number}, round ${round} at party ${party}`);
  }
  channel.close();
}

/** That a run has failed, and whom it is put down to. */
function failsBy(party: number, reason: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PartyFailedError, String(error));
    assert.equal(error.party, party, error.message);
    assert.match(error.message, reason);
    return true;
  };
}

describe('the links of three parties', { timeout: 120_000 }, () => {
  let certificates: PartyCertificates;
  before(async () => {
    certificates = await PartyCertificates.make();
    await certificates.certify('stranger');
  });
  after(() => certificates.remove());

  describe('that work', () => {
    let ring: RingUnderTest;
    const all = () => PARTIES.map((party) => ring.of(party));
    before(async () => {
      ring = await RingUnderTest.start(certificates);
      await ring.linked();
    });
    after(() => ring.stop());

    it('carry many runs at once, begun and answered in different orders', async () => {
      const numbers = Array.from({ length: 120 }, (_, number) => number);
      const orders = [numbers, [...numbers].reverse(), numbers.map((number) => (number * 77) % 120)];
      await Promise.all(
        all().map(async (links, party) => {
          const running: Promise<void>[] = [];
          for (const number of orders[party]) {
            running.push(carry(links.run(runName(1, number), number), party, number, 12));
            // The others have begun some runs before this party does.
            if (number % 17 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
          }
          await Promise.all(running);
        }),
      );
      assert.deepEqual(
        all().map(({ counters }) => [counters.rounds, counters.failedRuns]),
        PARTIES.map(() => [120 * 12, [0, 0, 0]]),
      );
      const [zero, one] = all();
      const [out, into] = [zero.counters.traffic[1].out, one.counters.traffic[0].in];
      assert.ok(into.bytes > 120 * 12 * 32 && Math.abs(out.bytes - into.bytes) < 1_000);
      assert.ok(zero.counters.waitedMilliseconds > 0);
    });

    it('give neighbours the same keys, and every run, step and epoch its own', async () => {
      const places: [batch: number, number: number, step: number][] = [
        [2, 0, 0],
        [2, 0, 1],
        [2, 1, 0],
        [255, 0, 0],
        [256, 0, 0],
        [100_000, 0, 0],
      ];
      const seen = new Set<string>();
      for (const [batch, number, step] of places) {
        const keys = await Promise.all(all().map((links) => links.run(runName(batch, number), step).keys()));
        keys.forEach(({ withNext }, party) => {
          assert.equal(withNext.byteLength, 16);
          assert.deepEqual(withNext, keys[(party + 1) % 3].withPrevious);
          seen.add(withNext.toString('hex'));
        });
      }
      assert.equal(seen.size, 3 * places.length);
      const late = ring.of(0).run(runName(3), 0);
      await assert.rejects(
        late.keys(),
        failsBy(0, /its batch is long over, and the seed of its keys overwritten/),
      );
    });

    it('carry big messages, and wait for a party that does not read', async () => {
      const small = await RingUnderTest.start(certificates, { limits: { mostUnreadBytes: 2 * MEBIBYTE } });
      try {
        await small.linked();
        const size = MEBIBYTE;
        const count = 40;
        const runs = PARTIES.map((party) =>
          Array.from({ length: count }, (_, number) => small.of(party).run(runName(1, number), 0)),
        );
        const exchange = (party: number) =>
          Promise.all(runs[party].map((run) => run.exchange(Buffer.alloc(size, party), size)));
        // Party 1 takes nothing yet: party 0 gets rid of what fits into buffers on the way.
        const others = Promise.all([exchange(0), exchange(2)]);
        const read = () => small.of(1).counters.traffic[0].in.bytes;
        await until('party 1 has stopped reading', () => read() > 2 * size);
        let last = -1;
        await until('nothing moves', async () => {
          const before = last;
          last = read();
          await new Promise((resolve) => setTimeout(resolve, 150));
          return before === last;
        });
        assert.ok(last < 6 * size, `${last} bytes were read`);
        const [zero, one, two] = await Promise.all([others, exchange(1)]).then(
          ([[first, third], second]) => [first, second, third] as const,
        );
        for (const [messages, from] of [
          [zero, 2],
          [one, 0],
          [two, 1],
        ] as const) {
          assert.ok(messages.every((message) => message.equals(Buffer.alloc(size, from))));
        }
        const biggest = Buffer.alloc(TEST_LIMITS.mostMessageBytes, 3);
        const big = PARTIES.map((party) => small.of(party).run(runName(2), 0));
        const received = await Promise.all(big.map((run) => run.exchange(biggest, biggest.byteLength)));
        assert.ok(received.every((message) => message.equals(biggest)));
        await assert.rejects(big[0].exchange(Buffer.alloc(biggest.byteLength + 1)), /at most 67108864/);
      } finally {
        await small.stop();
      }
    });

    it('fail a run at all parties when one gives it up, before or after it began there', async () => {
      const [zero, one, two] = all().map((links) => links.run(runName(100_001), 0));
      const waiting = [
        one.exchange(Buffer.alloc(3)),
        two.exchange(Buffer.alloc(3)).then(() => two.exchange(Buffer.alloc(3))),
      ];
      zero.abort('the share of iris 7 is missing');
      for (const run of waiting) await assert.rejects(run, failsBy(0, /the share of iris 7 is missing/));
      await assert.rejects(zero.keys(), failsBy(0, /missing/));
      zero.abort('again');
      const begun = ring.of(1).run(runName(100_002), 0);
      begun.abort('no');
      await until('the news went round', () => ring.of(0).counters.failedRuns[1] > 0);
      await assert.rejects(ring.of(0).run(runName(100_002), 0).exchange(Buffer.alloc(0)), failsBy(1, /no/));
      await assert.rejects(ring.of(2).run(runName(100_002), 0).exchange(Buffer.alloc(0)), failsBy(1, /no/));
    });

    it('begin no run twice, and refuse a name that is none', async () => {
      const channels = all().map((links) => links.run(runName(100_003), 0));
      assert.throws(() => ring.of(0).run(runName(100_003), 0), /was begun before: its keys serve once/);
      await Promise.all(channels.map((channel, party) => carry(channel, party, 5, 2)));
      assert.throws(() => ring.of(0).run(runName(100_003), 0), /was begun before: its keys serve once/);
      assert.throws(() => ring.of(0).run(Buffer.alloc(15), 0), /name of 15 bytes: give 16/);
      assert.throws(() => ring.of(0).run(runName(1), -1), /step -1 of a run/);
    });

    it('turn away who is no party, and work on', async () => {
      const { host, port } = hostPort(ring.addresses[1]);
      const caller = connect(port, host);
      await once(caller, 'connect');
      caller.on('error', () => undefined).write(Buffer.alloc(4_096, 9));
      await once(caller, 'close');
      const channels = all().map((links) => links.run(runName(100_004), 0));
      await Promise.all(channels.map((channel, party) => carry(channel, party, 6, 3)));
    });
  });

  it('log what fails, and no key', async () => {
    let log = '';
    const ring = await RingUnderTest.start(certificates, {
      logger: pino({ level: 'trace' }, { write: (line) => (log += line) }),
    });
    await ring.linked();
    const runs = PARTIES.map((party) => ring.of(party).run(runName(7), 3));
    const keys = await Promise.all(runs.map((run) => run.keys()));
    runs[1].abort('this party has no such query');
    await assert.rejects(runs[0].exchange(Buffer.alloc(1)).then(() => runs[0].exchange(Buffer.alloc(1))));
    await ring.stop();
    assert.match(log, /linked with another party/);
    assert.match(
      log,
      /"party":1,"reason":"this party has no such query".*run 0700000000000000.* step 3 failed/,
    );
    for (const { withNext, withPrevious } of keys) {
      for (const key of [withNext, withPrevious]) {
        for (const form of ['hex', 'base64'] as const) assert.ok(!log.includes(key.toString(form)));
      }
    }
    assert.doesNotMatch(log, /PRIVATE KEY|"seed/);
  });

  it('fail what runs when a party is killed, at once, and work again when it is back', async () => {
    const ring = await RingUnderTest.start(certificates, { parties: [PARTIES[0], PARTIES[1]] });
    const settings = certificates.settings(PARTIES[2]) as Record<string, string>;
    const start = (batches: readonly number[]) =>
      new Script(
        `
        import { createLogger } from ${JSON.stringify(import.meta.resolve('@irispair/common/log/logger'))};
        import { identityFrom } from ${JSON.stringify(import.meta.resolve('../support/ring-under-test.js'))};
        import { PartyLinks } from ${JSON.stringify(import.meta.resolve('./party-links.js'))};
        const links = await PartyLinks.open({
          identity: identityFrom(process.env),
          addresses: ${JSON.stringify(ring.addresses)},
          logger: createLogger('iris', 'silent'),
        });
        const linked = () => new Promise((resolve) => {
          const look = () => { if (links.away === undefined) resolve(); };
          links.onAwayChange(look);
          look();
        });
        await linked();
        for (const batch of ${JSON.stringify(batches)}) {
          const name = Buffer.alloc(16);
          name.writeBigUInt64LE(BigInt(batch));
          const run = links.run(name, 0);
          try {
            for (let round = 0; round < 3; round++) await run.exchange(Buffer.from([2]), 1);
            if (batch === 2) run.close();
          } catch (error) {
            if (error.name !== 'PartyFailedError') throw error;
          }
        }`,
        settings,
      );
    let other = start([1]);
    try {
      await ring.linked();
      const runs = [0, 1].map((party) => ring.of(party).run(runName(1), 0));
      for (let round = 0; round < 3; round++) {
        await Promise.all(runs.map((run, party) => run.exchange(Buffer.from([party]), 1)));
      }
      const [zero, one] = runs;
      const waiting = [
        zero.exchange(Buffer.from([0]), 1),
        one.exchange(Buffer.from([1]), 1).then(() => one.exchange(Buffer.from([1]), 1)),
      ];
      for (const run of waiting) run.catch(() => undefined);
      const killedAt = Date.now();
      other.kill('SIGKILL');
      for (const run of waiting) await assert.rejects(run, failsBy(2, /the link was lost/));
      assert.ok(Date.now() - killedAt < 2_000);
      assert.match(String(ring.of(1).away), /party 2: away at 127\.0\.0\.1:\d+: /);
      await assert.rejects(ring.of(1).run(runName(1, 9), 0).exchange(Buffer.alloc(1)), failsBy(2, /away at/));
      await other.end();
      // It begins the failed run, too, and learns of that.
      other = start([1, 2]);
      await ring.linked();
      const again = [0, 1].map((party) => ring.of(party).run(runName(2), 0));
      for (let round = 0; round < 3; round++) {
        const got = await Promise.all(again.map((run, party) => run.exchange(Buffer.from([party]), 1)));
        assert.deepEqual(
          got.map(([from]) => from),
          [2, 0],
        );
      }
    } finally {
      other.kill('SIGKILL');
      await other.end();
      await ring.stop();
    }
  });

  it('say who is away and why, and no word of a wrong certificate is believed', async () => {
    const stranger: PartyIdentity = {
      ...identityOf(certificates, PARTIES[1]),
      certificate: readFileSync(certificates.path('stranger.crt'), 'utf8'),
      key: readFileSync(certificates.path('stranger.key'), 'utf8'),
    };
    const swapped: PartyIdentity = {
      ...identityOf(certificates, PARTIES[1]),
      certificate: identityOf(certificates, PARTIES[2]).certificate,
      key: identityOf(certificates, PARTIES[2]).key,
    };
    const { pinned } = stranger;
    for (const [identity, whose] of [
      [stranger, "no party's"],
      [swapped, 'that of party 2'],
    ] as const) {
      const ring = await RingUnderTest.start(certificates, { identities: { 1: identity } });
      try {
        const wrong = `the certificate shown is ${whose}, `;
        const expected = `that of party 1 is ${pinned[1]}: compare IRISPAIR_PARTY_CERTIFICATES`;
        const away = (party: number) => String(ring.of(party).away);
        await until(
          'all know',
          () => away(0).includes(wrong) && away(2).includes(wrong) && away(1).includes('refuses'),
        );
        assert.ok(away(0).startsWith(`party 1: away at ${ring.addresses[1]}: ${wrong}`), away(0));
        assert.ok(away(2).startsWith('party 1: away: a caller at 127.0.0.1 was turned away: '), away(2));
        assert.ok(away(0).includes(expected) && away(2).includes(expected), away(2));
        assert.match(away(1), /party 2: away at .*: it refuses this party: the certificate shown is/);
        assert.ok(PARTIES.every((party) => !ring.of(party).isLinked(PARTIES[1]) || party === 1));
      } finally {
        await ring.stop();
      }
    }
  });

  it('turn away the right certificate where TLS does not take it, as on a day for which it was not made', async () => {
    const own = identityOf(certificates, PARTIES[0]);
    const stranger = readFileSync(certificates.path('stranger.crt'), 'utf8');
    const ring = await RingUnderTest.start(certificates, {
      identities: { 0: { ...own, trusted: [stranger, stranger, stranger] } },
    });
    try {
      await until('both neighbours are turned away', () =>
        [0, 2].every((party) => String(ring.of(party).away).includes('its certificate is refused: ')),
      );
      assert.match(String(ring.of(0).away), /^party 1: away at .*: its certificate is refused: \w+/);
      assert.match(String(ring.of(2).away), /^party 0: away at .*: it refuses this party: its certificate/);
    } finally {
      await ring.stop();
    }
  });

  describe('with a party that lies', () => {
    let ring: RingUnderTest;
    let liar: LyingParty;
    let batch = 0;
    before(async () => {
      ring = await RingUnderTest.start(certificates, {
        parties: [PARTIES[1], PARTIES[2]],
        limits: {
          mostMessageBytes: 4_096,
          mostAwaitedRuns: 4,
          mostAwaitedBytes: 8_192,
          awaitedMilliseconds: 400,
          silentRunMilliseconds: 1_500,
        },
      });
      liar = new LyingParty(identityOf(certificates, PARTIES[0]), ring.addresses);
    });
    after(async () => {
      await liar.stop();
      await ring.stop();
    });

    const one = (): PartyLinks => ring.of(1);

    async function connected(): Promise<void> {
      await until(
        'the last connection is gone',
        () => !one().isLinked(PARTIES[0]) || one().away === undefined,
      );
      if (!one().isLinked(PARTIES[0])) await liar.connect();
      await ring.linked();
    }

    /** A run that both honest parties wait in: party 1 for the liar's first message, party 2 for party 1's second. */
    function begin(): { name: Buffer; waiting: Promise<Buffer>[] } {
      batch += 1;
      const name = runName(batch);
      const [first, second] = [1, 2].map((party) => ring.of(party).run(name, 0));
      const exchange = (run: RunChannel) => run.exchange(Buffer.alloc(8), 8);
      const waiting = [exchange(first), exchange(second).then(() => exchange(second))];
      for (const run of waiting) run.catch(() => undefined);
      return { name, waiting };
    }

    async function failsAtBoth(waiting: readonly Promise<Buffer>[], reason: RegExp): Promise<void> {
      for (const run of waiting) await assert.rejects(run, failsBy(0, reason));
    }

    const cases: [what: string, send: (name: Buffer) => Buffer[], reason: RegExp, stays: boolean][] = [
      [
        'a message out of turn',
        (name) => [dataFrame(name, 1, Buffer.alloc(8))],
        /message 1 came where message 0 is due/,
        true,
      ],
      [
        'a message of the wrong size',
        (name) => [dataFrame(name, 0, Buffer.alloc(9))],
        /message 0 has 9 bytes where 8 are due/,
        true,
      ],
      [
        'an oversize length',
        (name) => [dataFrame(name, 0, Buffer.alloc(4_097)).subarray(0, 40)],
        /the link was lost: a data frame of 4097 bytes: 0 to 4096 are allowed/,
        false,
      ],
      [
        'another version',
        (name) => [changed(dataFrame(name, 0, Buffer.alloc(8)), 0, 9)],
        /lost: it speaks version 9 of the links, this service version 1: run the same release/,
        false,
      ],
      [
        'an unknown kind',
        (name) => [changed(dataFrame(name, 0, Buffer.alloc(8)), 1, 77)],
        /lost: a frame of the unknown kind 77/,
        false,
      ],
      [
        'another party',
        (name) => [changed(dataFrame(name, 0, Buffer.alloc(8)), 2, 2)],
        /lost: a frame of party 2 on the link of party 0: check IRISPAIR_PARTY/,
        false,
      ],
      [
        'a fourth byte',
        (name) => [changed(dataFrame(name, 0, Buffer.alloc(8)), 3, 1)],
        /lost: a data frame whose fourth byte is not zero/,
        false,
      ],
      ['garbage', () => [Buffer.alloc(500, 0xa5)], /lost: it speaks version 165 of the links/, false],
      [
        'hello twice',
        () => [frameHeader(FrameKind.Hello, PARTIES[0], NO_RUN, 0, 0)],
        /lost: a second hello/,
        false,
      ],
      [
        'a sign of life of a run',
        (name) => [frameHeader(FrameKind.Ping, PARTIES[0], runId(name, 0), 0, 0)],
        /lost: a ping frame that names a run/,
        false,
      ],
      [
        'an abort of no party',
        (name) => [frameHeader(FrameKind.Abort, PARTIES[0], runId(name, 0), 0, 2), Buffer.from([3, 65])],
        /lost: an abort frame of no party/,
        false,
      ],
    ];
    for (const [what, send, reason, stays] of cases) {
      it(`${stays ? 'fail the run' : 'drop the link'} for ${what}`, async () => {
        await connected();
        const { name, waiting } = begin();
        liar.send(...send(name));
        await failsAtBoth(waiting, reason);
        assert.equal(one().isLinked(PARTIES[0]), stays);
        await until('the liar is told', () =>
          liar.heard.some(({ kind, run }) => kind === FrameKind.Abort && run.name.equals(name)),
        );
      });
    }

    it('fail the run for a frame that comes twice, even when the run is over', async () => {
      await connected();
      const { name, waiting } = begin();
      liar.send(dataFrame(name, 0, Buffer.alloc(8, 1)), dataFrame(name, 0, Buffer.alloc(8, 1)));
      await waiting[0];
      await assert.rejects(waiting[1], failsBy(0, /message 0 came where message 1 is due/));
    });

    it('fail the run for messages that cannot be due, and for one that never comes', async () => {
      await connected();
      batch += 1;
      const name = runName(batch);
      const run = one().run(name, 0);
      const before = one().counters.failedRuns[0];
      liar.send(...[0, 1, 2, 3].map((sequence) => dataFrame(name, sequence, Buffer.alloc(8))));
      await until('it has failed', () => one().counters.failedRuns[0] > before);
      await assert.rejects(run.exchange(Buffer.alloc(8)), failsBy(0, /message 3 came before it can be due/));
      const { waiting } = begin();
      await assert.rejects(waiting[0], failsBy(0, /its message did not come within 1.5 s/));
      await assert.rejects(waiting[1]);
    });

    it('keep few runs that have not begun, and not for long', async () => {
      await connected();
      const failed = () => one().counters.failedRuns;
      const [byLiar, byOne] = failed();
      batch += 1;
      const names = [0, 1, 2, 3, 4].map((number) => runName(batch, number));
      liar.send(...names.map((name) => dataFrame(name, 0, Buffer.alloc(8))));
      await until('one is too many', () => failed()[0] === byLiar + 1);
      await assert.rejects(
        one().run(names[4], 0).exchange(Buffer.alloc(8)),
        failsBy(0, /ahead by more than 4 runs or 8192 bytes that party 1 has not begun/),
      );
      const inTime = await one().run(names[0], 0).exchange(Buffer.alloc(8), 8);
      assert.equal(inTime.byteLength, 8);
      await until('the others are too old', () => failed()[1] === byOne + 3);
      await assert.rejects(
        one().run(names[1], 0).exchange(Buffer.alloc(8)),
        failsBy(1, /it did not begin the run within 0.4 s/),
      );
      const big = [5, 6, 7].map((number) => runName(batch, number));
      liar.send(...big.map((name) => dataFrame(name, 0, Buffer.alloc(4_000))));
      await until('their bytes are too many', () => failed()[0] === byLiar + 2);
    });

    it('take a greeting of another version for what it is', async () => {
      if (one().isLinked(PARTIES[0])) liar.send(Buffer.alloc(40, 1));
      await until('the last connection is gone', () => !one().isLinked(PARTIES[0]));
      await liar.connect(changed(frameHeader(FrameKind.Hello, PARTIES[0], NO_RUN, 0, 0), 0, 2));
      await until('it says so', () => String(one().away).includes('it speaks version 2 of the links'));
    });

    it('wait for a seed that is never handed over, and no longer', async () => {
      await connected();
      batch += 1;
      const keys = one().run(runName(batch), 0).keys();
      await assert.rejects(keys, failsBy(0, /it handed over no seed within 1.5 s/));
      liar.seed();
      batch += 1;
      assert.equal((await one().run(runName(batch), 0).keys()).withPrevious.byteLength, 16);
      liar.seed();
      await until('a second seed ends the link', () =>
        String(one().away).includes('a second seed of epoch 0'),
      );
    });
  });

  it('take a party that stands still for lost', async () => {
    const ring = await RingUnderTest.start(certificates, {
      parties: [PARTIES[1], PARTIES[2]],
      limits: { pingMilliseconds: 50, silentLinkMilliseconds: 600 },
    });
    const still = new LyingParty(identityOf(certificates, PARTIES[0]), ring.addresses);
    try {
      await still.connect();
      await until('it is lost at its next', () =>
        String(ring.of(1).away).includes('no sign of life for 0.6 s'),
      );
      await until('and before it', () => ring.of(2).away !== undefined);
    } finally {
      await still.stop();
      await ring.stop();
    }
  });
});

function changed(frame: Buffer, place: number, byte: number): Buffer {
  frame[place] = byte;
  return frame;
}
