/** Three parties in secret-shared mode, as clients see them: the same answers as of one pair, and no half enrolments. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES, type OfEachParty } from '@irispair/common/parties/party';
import * as api from '@irispair/proto/public';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { formatCapture, parseCapture } from 'irispair/input/ndjson';
import { shareIris } from 'irispair/shares/iris-shares';
import { irispair, type Ran } from 'irispair/support/run-command';
import { ThreePartiesUnderTest } from './support/three-parties.js';
import { unmasked } from './support/unmasked.js';

const population = new Population('three parties');
const PEOPLE = 12;

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

async function refusal(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'details' in error, String(error));
    return { code: Number(error.code), details: String(error.details) };
  }
  return assert.fail('the call succeeded');
}

describe('three parties', () => {
  let test: ThreePartiesUnderTest;
  let serialIds: Map<number, number>;

  before(async () => {
    test = await ThreePartiesUnderTest.start();
    serialIds = new Map();
    await test.client.process(
      Array.from({ length: PEOPLE }, (_, index) => ({
        requestId: String(index),
        request: { $case: 'enroll' as const, value: { iris: irisMessage(enrolment(index)), orList: [] } },
      })),
      ({ requestId, response }) => {
        assert.equal(response?.$case, 'enroll', JSON.stringify(response));
        assert.equal(response.value.decision, api.Decision.UNIQUE);
        serialIds.set(Number(requestId), response.value.serialId);
      },
    );
    assert.equal(serialIds.size, PEOPLE);
  });
  after(() => test.stop());

  function search(iris: Iris, orList: number[] = []): Promise<api.SearchResponse> {
    return test.client.search({ iris: irisMessage(iris), orList });
  }

  it('hold the same people', async () => {
    assert.deepEqual(await test.held(), Array(3).fill([PEOPLE, PEOPLE]));
  });

  it('find everybody again in a new capture, and nobody in a stranger', async () => {
    for (let index = 0; index < PEOPLE; index += 2) {
      const { decision, matches } = await search(again(index));
      assert.equal(decision, api.Decision.DUPLICATE);
      assert.deepEqual(matches, [
        { serialId: serialIds.get(index), version: 0, left: true, right: true, mirrored: false },
      ]);
    }
    assert.deepEqual(await search(enrolment(1_000)), { decision: api.Decision.UNIQUE, matches: [] });
  });

  it('refuse to enrol somebody again, and catch a mirrored capture', async () => {
    const twice = await test.client.enroll({ iris: irisMessage(again(3)), orList: [] });
    assert.deepEqual(
      [twice.decision, twice.serialId, twice.matches.map(({ serialId }) => serialId)],
      [api.Decision.DUPLICATE, 0, [serialIds.get(3)]],
    );
    const flipped = await test.client.enroll({ iris: irisMessage(mirrored(again(5))), orList: [] });
    assert.deepEqual(
      [flipped.decision, flipped.matches.map(({ serialId, mirrored: is }) => [serialId, is])],
      [api.Decision.MIRROR_ATTACK, [[serialIds.get(5), true]]],
    );
  });

  it('count one matching eye only for people on the OR-list', async () => {
    const serial = serialIds.get(7) ?? 0;
    const oneEye = { left: again(7).left, right: enrolment(1_001).right };
    assert.equal((await search(oneEye)).decision, api.Decision.UNIQUE);
    const within = await search(oneEye, [serial]);
    assert.deepEqual(
      [within.decision, within.matches.map(({ serialId, left, right }) => [serialId, left, right])],
      [api.Decision.DUPLICATE, [[serial, true, false]]],
    );
  });

  it('enrol one of two copies that arrive together', async () => {
    const decisions: (api.Decision | undefined)[] = [];
    await test.client.process(
      [enrolment(2_000), again(2_000)].map((iris, index) => ({
        requestId: String(index),
        request: { $case: 'enroll' as const, value: { iris: irisMessage(iris), orList: [] } },
      })),
      ({ response }) => {
        decisions.push(response?.$case === 'enroll' ? response.value.decision : undefined);
      },
    );
    assert.deepEqual(decisions.sort(), [api.Decision.UNIQUE, api.Decision.DUPLICATE]);
  });

  it('verify, reauthenticate, read back and delete', async () => {
    const { serialId } = await test.client.enroll({ iris: irisMessage(enrolment(3_000)), orList: [] });
    assert.deepEqual(await test.client.verify({ serialId, iris: irisMessage(again(3_000)) }), {
      matched: true,
      left: undefined,
      right: undefined,
      version: 0,
    });
    const other = await test.client.verify({ serialId, iris: irisMessage(enrolment(3_001)) });
    assert.equal(other.matched, false);
    assert.deepEqual(await test.client.getIris(serialId), { iris: unmasked(enrolment(3_000)), version: 0 });

    const replaced = await test.client.reauthenticate({ serialId, iris: irisMessage(again(3_000)) });
    assert.deepEqual([replaced.matched, replaced.version], [true, 1]);
    assert.deepEqual(await test.client.getIris(serialId), { iris: unmasked(again(3_000)), version: 1 });

    assert.equal((await test.client.delete(serialId)).version, 2);
    assert.equal((await search(again(3_000))).decision, api.Decision.UNIQUE);
    assert.equal((await refusal(test.client.delete(serialId))).code, status.NOT_FOUND);
    assert.equal((await refusal(test.client.getIris(serialId))).code, status.NOT_FOUND);
  });

  describe('refuse, all three, and enrol nobody', () => {
    type Shares = OfEachParty<api.IrisShare>;
    let held: [number, number][];
    before(async () => {
      held = await test.held();
    });

    /** Sends every party its part of one enrolment; all must refuse. */
    async function refusals(shares: Shares): Promise<{ code: number; details: string }[]> {
      const requestId = randomUUID();
      const asked = await Promise.allSettled(
        test.clients.map((client, party) => client.enroll({ share: shares[party], requestId, orList: [] })),
      );
      assert.deepEqual(await test.held(), held);
      return asked.map((one, party) => {
        assert.equal(one.status, 'rejected', `party ${party} enrolled it`);
        return one.reason as { code: number; details: string };
      });
    }

    /** Shares of a stranger, that of party 1 another one. */
    function withSecond(change: (share: api.IrisShare, all: Shares) => api.IrisShare): Shares {
      const shares = shareIris(enrolment(4_000));
      return [shares[0], change(shares[1], shares), shares[2]];
    }

    function withLeft(share: api.IrisShare, code: Buffer): api.IrisShare {
      return { ...share, left: { code, mask: share.left?.mask ?? Buffer.alloc(0) } };
    }

    it('a share of another party', async () => {
      const [, second] = await refusals(withSecond((_, all) => all[2]));
      assert.equal(second.code, status.INVALID_ARGUMENT);
      assert.match(second.details, /share\.party: .*2/);
    });

    it('a share of the wrong length', async () => {
      const [, second] = await refusals(
        withSecond((share) => withLeft(share, share.left?.code.subarray(2) ?? Buffer.alloc(0))),
      );
      assert.equal(second.code, status.INVALID_ARGUMENT);
      assert.match(second.details, /share\.left\.code: 25598 bytes, expected 25600/);
    });

    it('a share that is not the one of its digest', async () => {
      const [, second] = await refusals(
        withSecond((share) => withLeft(share, Buffer.from(share.left?.code ?? '').fill(0, 0, 2_000))),
      );
      assert.equal(second.code, status.INVALID_ARGUMENT);
      assert.match(second.details, /digest/);
    });

    it('digests that differ between the parties', async () => {
      await refusals(
        withSecond((share) => ({ ...share, digests: [Buffer.alloc(32), ...share.digests.slice(1)] })),
      );
    });

    it('shares of different irises under one id', async () => {
      await refusals(withSecond(() => shareIris(enrolment(4_001))[1]));
    });

    it('a capture in the clear', async () => {
      const refused = await refusal(
        test.clients[0].enroll({ iris: irisMessage(enrolment(4_000)), orList: [] }),
      );
      assert.equal(refused.code, status.INVALID_ARGUMENT);
    });

    it('a capture that is mostly occluded, before it is shared', async () => {
      const { left, right } = irisMessage(enrolment(4_000));
      const occluded = { left: { ...left, maskCodes: Buffer.alloc(1_600) }, right };
      await assert.rejects(test.client.search({ iris: occluded, orList: [] }), {
        message: /^iris\.left\.mask_codes: 0 of 12800 bits are usable/,
      });
    });
  });

  describe('by the command', () => {
    let people: string;
    before(async () => {
      people = await write('people.ndjson', [5_000, 5_001].map(enrolment));
    });

    async function write(name: string, irises: readonly Iris[]): Promise<string> {
      const path = join(test.directory, name);
      const lines = irises.map((iris, index) => `${formatCapture({ id: `${name}-${index}`, iris })}\n`);
      await writeFile(path, lines.join(''));
      return path;
    }

    function run(...args: string[]): Promise<Ran> {
      return irispair([...args, '--parties', test.addresses]);
    }

    function decisionsOf({ output }: Ran): string[] {
      return output
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { decision: string }).decision);
    }

    it('enrol, find, verify, read back and delete', async () => {
      const enrolled = await run('enroll', people, '--json');
      assert.equal(enrolled.code, 0, enrolled.errors);
      const [first] = enrolled.output
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { serial_id: number }).serial_id);
      const recaptured = await write('again.ndjson', [again(5_000)]);
      assert.deepEqual(decisionsOf(await run('search', recaptured, '--json')), ['duplicate']);

      const verified = await run('verify', String(first), recaptured);
      assert.deepEqual([verified.code, verified.output], [0, 'the same person\n']);
      const replaced = await run('reauthenticate', String(first), recaptured, '--json');
      assert.deepEqual(JSON.parse(replaced.output), { serial_id: first, version: 1, matched: true });
      const read = await run('get', String(first));
      assert.deepEqual(
        irisMessage(parseCapture(read.output.trim()).iris),
        unmasked(again(5_000)),
        read.errors,
      );
      assert.equal((await run('delete', String(first))).code, 0);
      const gone = await run('verify', String(first), recaptured);
      assert.equal(gone.code, 1);
    });

    it('enrol from files of shares, each sent to its party by itself', async () => {
      const captures = await write('shared.ndjson', [5_010, 5_011].map(enrolment));
      const shares = join(test.directory, 'shares');
      const shared = await irispair(['share', captures, '--out', shares]);
      assert.equal(shared.code, 0, shared.errors);
      const runs = await Promise.all(
        test.parties.addresses.map((address, party) =>
          irispair([
            'enroll',
            '--share',
            join(shares, `party-${party}.ndjson`),
            '--server',
            address,
            '--json',
          ]),
        ),
      );
      for (const one of runs) {
        assert.equal(one.code, 0, one.errors);
        assert.deepEqual(decisionsOf(one), ['unique', 'unique']);
        assert.deepEqual(one.output.split('\n').sort(), runs[0].output.split('\n').sort());
      }
    });

    it('tell how each party is', async () => {
      const shown = await run('status', '--json');
      assert.equal(shown.code, 0, shown.errors);
      const statuses = shown.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as api.StatusResponse);
      assert.deepEqual(
        statuses.map(({ party, ready }) => [party, ready]),
        [
          [0, true],
          [1, true],
          [2, true],
        ],
      );
    });

    it('are refused in another order', async () => {
      const [first, second, third] = test.parties.addresses;
      const { code, errors } = await irispair([
        'search',
        people,
        '--parties',
        [first, third, second].join(','),
      ]);
      assert.equal(code, 1);
      assert.match(errors, /party 1 \(127\.0\.0\.1:\d+\) is party 2, party 2 .* is party 1: give/);
    });
  });

  it('answer nothing while one is away, name it, and go on when it is back', async () => {
    await test.parties.pairs[2].kill('graph', 'SIGKILL');
    const away = await refusal(search(again(1)));
    assert.equal(away.code, status.UNAVAILABLE);
    assert.match(away.details, /party 2/);
    await test.startAgain(PARTIES[2], 'graph', enrolment(1_000));
    assert.equal((await search(again(1))).decision, api.Decision.DUPLICATE);
  });

  it('enrol nobody by halves when the iris service of one is killed meanwhile', async () => {
    const coming = Array.from({ length: 40 }, (_, index) => 6_000 + index);
    const acknowledged = new Set<number>();
    let failed = 0;
    let killed: Promise<void> | undefined;
    await test.client.process(
      coming.map((person) => ({
        requestId: String(person),
        request: { $case: 'enroll' as const, value: { iris: irisMessage(enrolment(person)), orList: [] } },
      })),
      ({ requestId, response }) => {
        // The first batch is answered, the next one is being compared.
        killed ??= test.parties.pairs[1].kill('iris', 'SIGKILL');
        if (response?.$case === 'enroll') acknowledged.add(Number(requestId));
        else failed += 1;
      },
    );
    await killed;
    assert.equal(acknowledged.size + failed, coming.length);
    await test.startAgain(PARTIES[1], 'iris', enrolment(1_000));
    const [first, ...others] = await test.held();
    assert.deepEqual(others, [first, first]);
    for (const person of acknowledged) {
      const { decision } = await search(again(person));
      assert.equal(decision, api.Decision.DUPLICATE, `person ${person}`);
    }
  });
});
