/** Three iris services in secret-shared mode, as processes linked by TLS, against one in plain mode on the same irises. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import type { Iris, Template } from '@irispair/common/iris/template';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { until } from '@irispair/common/support/until';
import * as wire from '@irispair/proto/compute';
import type { HopUnderTest } from './support/hop-client.js';
import { disturbed, irisOf } from './support/irises.js';
import { refusalOf } from './support/refusal.js';
import { ServiceUnderTest } from './support/service-under-test.js';
import { ids, insert, remove, runName, searchFor, step, update, type Id } from './support/steps.js';
import { ofEach, sharesOf, ThreeParties, type OfEach } from './support/three-parties.js';

const { StepStatus } = wire;
const PEOPLE = 48;
const [P0, P1, P2] = PARTIES;

/** A made-up mask that hides an arc of columns, as eyelids do: over half of the bits stay usable. */
function masked(iris: Iris, arc: number): Iris {
  const eye = ({ irisCodes, maskCodes }: Template, more: number): Template => ({
    irisCodes,
    maskCodes: maskCodes.map((byte, index) => ((index + 7 * arc) % 100 < 2 * (arc % 20) + more ? 0 : byte)),
  });
  return { left: eye(iris.left, 0), right: eye(iris.right, 3) };
}

/** Somebody in ever worse captures, and strangers. */
const PEOPLE_ENROLLED: readonly Iris[] = Array.from({ length: PEOPLE }, (_, index) =>
  masked(index % 2 === 0 ? disturbed(irisOf('somebody'), 16 * index) : irisOf(`stranger ${index}`), index),
);

/** A probe as both modes hold it. */
interface Probe {
  readonly plain: number;
  readonly shared: OfEach<number>;
}

/** What the three parties and plain mode must say alike. */
function told({ status: ended, entered, matchCount, neighbourhoodSize, stale, distances }: wire.StepAnswer) {
  return {
    ended: StepStatus[ended],
    entered: entered.toString('hex'),
    matchCount,
    neighbourhoodSize,
    stale,
    distances: distances.byteLength,
  };
}

/** The metrics that docs/metrics.md describes for this mode alone. */
async function metricsOfSharedMode(): Promise<string[]> {
  const file = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));
  const [, section] = (await readFile(file, 'utf8')).split('## Iris service in secret-shared mode\n');
  const [rows] = section.split('\n## ', 1);
  return Array.from(rows.matchAll(/^\| `(\w+)` /gm), ([, name]) => name);
}

describe('iris services of three parties', () => {
  let plain: ServiceUnderTest;
  let plainSession: number;
  let plainHop: HopUnderTest;
  let three: ThreeParties;
  let hops: OfEach<HopUnderTest>;
  let searches = 0;
  let batch = 1;

  before(async () => {
    plain = await ServiceUnderTest.start();
    plainSession = (await plain.join()).first.sessionId;
    three = await ThreeParties.start();
    openHops();
  });
  after(async () => {
    await plain.stop();
    await three.stop();
  });

  function openHops(): void {
    plainHop = plain.openHop();
    hops = three.openHops();
  }

  async function prepare(irises: readonly Iris[]): Promise<Probe[]> {
    const own = await plain.prepare(plainSession, irises);
    const [first, second, third] = await three.prepare(irises);
    return own.map((handle, index) => ({
      plain: handle,
      shared: [first[index], second[index], third[index]],
    }));
  }

  /** The same changes everywhere. */
  async function commit(
    changesFor: (handleOf: (probe: Probe) => number) => wire.Change['kind'][],
  ): Promise<void> {
    const expected = await plain.commit(changesFor((probe) => probe.plain));
    const answers = await ofEach((party) =>
      three.commit(
        party,
        changesFor((probe) => probe.shared[party]),
      ),
    );
    for (const answer of answers) assert.deepEqual(answer, expected);
  }

  /** Searches that are open at a party. */
  async function openAt(party: PartyIndex): Promise<number> {
    const metrics = await three.ask(party, '/metrics');
    return Number(/^irispair_open_searches (\d+)$/m.exec(metrics)?.[1]);
  }

  function nextRun(): Buffer {
    searches += 1;
    return runName(batch, searches);
  }

  /** One search in both modes, step by step: all four say the same. */
  async function search(
    openFor: (handleOf: (probe: Probe) => number) => wire.OpenSearch,
    batches: readonly Buffer[],
  ): Promise<wire.StepAnswer[]> {
    const run = nextRun();
    const id = searches;
    const answers: wire.StepAnswer[] = [];
    for (const [index, candidates] of batches.entries()) {
      const close = index === batches.length - 1;
      const stepOf = (open: wire.OpenSearch) =>
        step(id, index === 0 ? open : undefined, candidates, { close });
      const [expected] = await plainHop.evaluate(stepOf(openFor((probe) => probe.plain)));
      const shared = await ofEach(async (party) => {
        const open = { ...openFor((probe) => probe.shared[party]), run };
        return (await hops[party].evaluate(stepOf(open)))[0];
      });
      for (const [party, answer] of shared.entries()) {
        assert.deepEqual(told(answer), told(expected), `party ${party}, step ${index}: ${answer.detail}`);
      }
      answers.push(shared[0]);
    }
    return answers;
  }

  /** Searches of many kinds, in steps of several candidates; nobody enters whose version is not current. */
  async function searchInEveryWay(probe: Probe, versions: ReadonlyMap<number, number>): Promise<number> {
    const everybody = Array.from({ length: PEOPLE + 2 }, (_, index): Id => [
      index + 1,
      versions.get(index + 1) ?? 0,
    ]);
    const inThree = [0, 1, 2].map((turn) => ids(...everybody.filter((_, index) => index % 3 === turn)));
    let matches = 0;
    for (const side of [wire.Side.LEFT, wire.Side.RIGHT]) {
      for (const more of [
        { rotationReach: 0 },
        { rotationReach: 5 },
        { rotationReach: 5, orientation: wire.Orientation.MIRROR },
        { rotationReach: 2, baseRotation: -3 },
      ]) {
        for (const ef of [1, 9]) {
          const answers = await search(
            (handleOf) => searchFor(handleOf(probe), ef, { side, ...more }),
            [...inThree, Buffer.alloc(0)],
          );
          matches += answers[answers.length - 1].matchCount;
        }
      }
      const [first] = everybody;
      const stored = {
        $case: 'stored',
        value: { serialId: first[0], version: first[1] },
      } as const;
      await search(() => searchFor(0, 5, { query: stored, side, rotationReach: 0 }), inThree);
    }
    return matches;
  }

  it('hold shares, and rank, count and match as plain mode does: after inserts, updates, deletes and a restart', async () => {
    const enrolled = await prepare(PEOPLE_ENROLLED);
    await commit((handleOf) => enrolled.map((probe, index) => insert(handleOf(probe), index + 1)));
    const [probe, other] = await prepare([masked(irisOf('somebody'), 4), irisOf('nobody')]);
    const versions = new Map<number, number>();
    assert.ok((await searchInEveryWay(probe, versions)) > 0);
    await commit((handleOf) => [
      update(handleOf(other), [3, 0]),
      remove([5, 0]),
      update(handleOf(enrolled[0]), [8, 0]),
    ]);
    batch += 1;
    // 3 is asked for by its old version and by its new one, 5 by the last that it had.
    await searchInEveryWay(probe, versions);
    for (const [serial, count] of [
      [3, 1],
      [5, 1],
      [8, 1],
    ])
      versions.set(serial, count);
    await searchInEveryWay(probe, versions);
    await plain.restart();
    plainSession = (await plain.join()).first.sessionId;
    await ofEach((party) => three.parties[party].stop());
    await ofEach((party) => three.parties[party].startAgain());
    await three.join();
    openHops();
    const [again] = await prepare([masked(irisOf('somebody'), 4)]);
    assert.ok((await searchInEveryWay(again, versions)) > 0);
  });

  it('give back what each was given, and no more', async () => {
    const shares = sharesOf(irisOf('given back'));
    const registry = await three.parties[P0].registry();
    const serial = registry.reduce((sum, { entries }) => sum + entries.byteLength / 8, 1);
    const handles = await ofEach(async (party) => {
      const [handle] = await three.parties[party].prepareProbes(three.session(party), [shares[party]]);
      await three.commit(party, [insert(handle, serial)]);
      return handle;
    });
    for (const party of PARTIES) {
      const { iris } = await three.parties[party].fetch(serial);
      assert.deepEqual(iris, shares[party]);
      await three.commit(party, [remove([serial, 0])]);
      await three.parties[party].release([handles[party]]);
    }
    const [own] = await plain.prepare(plainSession, [irisOf('given back')]);
    await plain.commit([insert(own, serial)]);
    await plain.commit([remove([serial, 0])]);
  });

  it('compare queries with each other as plain mode does', async () => {
    const some = [0, 2, 4, 1, 30, 46].map((index) => PEOPLE_ENROLLED[index]);
    const probes = await prepare([...some, { left: some[1].right, right: some[1].left }]);
    const expected = await plain.compare(probes.map((probe) => probe.plain));
    assert.ok(expected.matchBits.some((bits) => bits > 0));
    const run = nextRun();
    const answers = await ofEach((party) =>
      three.parties[party].compare(
        probes.map((probe) => probe.shared[party]),
        run,
      ),
    );
    for (const answer of answers) assert.deepEqual([...answer.matchBits], [...expected.matchBits]);
    const refused = await refusalOf(
      three.parties[P0].compare([probes[0].shared[0], probes[1].shared[0]], run),
    );
    assert.match(refused.details, /^run: used already/);
    const unnamed = await refusalOf(three.parties[P0].compare([probes[0].shared[0], probes[1].shared[0]]));
    assert.match(unnamed.details, /^run: not set, and this service is in secret-shared mode/);
  });

  it('refuse what is of another mode, and what nobody has a distance for', async () => {
    const [first] = three.parties;
    const session = three.session(P0);
    const inTheClear = await refusalOf(first.prepare(session, [irisOf('a')]));
    assert.equal(inTheClear.code, status.INVALID_ARGUMENT);
    assert.match(
      inTheClear.details,
      /^probes\[0\]\.left\.iris_codes: 1600 bytes, expected 25600: this service is in shared mode, send one party's shares/,
    );
    const [shares] = sharesOf(irisOf('a'));
    const toPlain = await refusalOf(plain.prepareProbes(plainSession, [shares]));
    assert.match(
      toPlain.details,
      /^probes\[0\]\.left\.iris_codes: 25600 bytes, expected 1600: this service is in plain mode, send irises in the clear/,
    );
    const [handle] = await first.prepareProbes(session, [shares]);
    for (const call of [first.scan([searchFor(handle, 3)]), first.recaptures(session, [1])]) {
      const refused = await refusalOf(call);
      assert.equal(refused.code, status.FAILED_PRECONDITION);
      assert.match(refused.details, /secret-shared mode, which opens no distances/);
    }
    const used = nextRun();
    const [once] = await hops[P0].evaluate(
      step(9_001, { ...searchFor(4_000_000, 1), run: used }, ids([1, 0])),
    );
    assert.equal(once.status, StepStatus.UNKNOWN_QUERY);
    const answers = await hops[P0].evaluate(
      step(9_002, searchFor(handle, 1), ids([1, 0])),
      step(9_003, { ...searchFor(handle, 1), run: Buffer.alloc(15) }, ids([1, 0])),
      step(9_004, { ...searchFor(handle, 1), run: used }, ids([1, 0])),
      step(9_005, undefined, ids([1, 0])),
      step(9_006, { ...searchFor(handle, 1), run: nextRun() }, ids([1, 0]), { withDistances: true }),
      step(9_007, { ...searchFor(handle, 1), run: nextRun() }, Buffer.alloc(7)),
      step(9_008, { ...searchFor(handle, 0), run: nextRun() }, ids([1, 0])),
    );
    assert.deepEqual(
      answers.map(({ status: ended, detail }) => [StepStatus[ended], detail.split(':')[0]]),
      [
        ['INVALID', 'open.run'],
        ['INVALID', 'open.run'],
        ['INVALID', 'open.run'],
        ['UNKNOWN_SEARCH', 'search 9005 is not open on this stream'],
        ['INVALID', 'with_distances'],
        ['INVALID', 'candidates'],
        ['INVALID', answers[6].detail.split(':')[0]],
      ],
    );
    assert.match(answers[6].detail, /ef/);
  });

  it('show what the mode is about: the larger stride, the links and what went over them', async () => {
    for (const party of PARTIES) {
      const { arenas, queries, kernel } = await three.parties[party].placement();
      assert.deepEqual(
        arenas.map(({ strideBytes }) => strideBytes),
        [38_400, 38_400],
      );
      assert.ok(queries > 0 && kernel !== '');
      const metrics = await three.ask(party, '/metrics');
      const described = await metricsOfSharedMode();
      assert.ok(described.length > 4);
      for (const name of described) {
        assert.match(metrics, new RegExp(`^${name}(\\{.*\\})? (?!0$)\\d`, 'm'), name);
      }
      const linked = [...metrics.matchAll(/^irispair_party_linked\{party="(\d)"\} 1$/gm)];
      assert.deepEqual(
        linked.map(([, other]) => Number(other)).sort(),
        PARTIES.filter((other) => other !== party),
      );
      assert.equal(await three.ask(party, '/readyz'), 'ok\n');
    }
  });

  it('count shares as large as they are when they ask for memory', async () => {
    const certificates = await PartyCertificates.make();
    const settings = {
      ...certificates.settings(P0),
      IRISPAIR_PARTIES: '127.0.0.1:1,127.0.0.1:2,127.0.0.1:3',
      IRIS_STORE_INITIAL_CAPACITY: '4000000',
    };
    await assert.rejects(ServiceUnderTest.start(settings), /place for 4000000 irises 292969 MiB/);
    await certificates.remove();
  });

  it('all fail a run that one of them refuses, at once, and go on', async () => {
    const [probe] = await prepare([irisOf('refused')]);
    await three.parties[P1].release([probe.shared[1]]);
    const run = nextRun();
    const answers = await ofEach(async (party) => {
      const open = { ...searchFor(probe.shared[party], 5), run };
      return (await hops[party].evaluate(step(searches, open, ids([1, 0], [2, 0], [6, 0]))))[0];
    });
    assert.deepEqual(
      answers.map((answer) => StepStatus[answer.status]),
      ['PARTY_FAILED', 'UNKNOWN_QUERY', 'PARTY_FAILED'],
    );
    for (const party of [P0, P2]) assert.match(answers[party].detail, /^party 1: .*never prepared/);
    const compared = nextRun();
    const refusals = await ofEach((party) =>
      refusalOf(three.parties[party].compare([probe.shared[party], probe.shared[party]], compared)),
    );
    assert.deepEqual(
      refusals.map(({ code }) => status[code]),
      ['UNAVAILABLE', 'NOT_FOUND', 'UNAVAILABLE'],
    );
    for (const party of [P0, P2]) assert.match(refusals[party].details, /^party 1: .*never prepared/);
    const [good] = await prepare([irisOf('good')]);
    await search((handleOf) => searchFor(handleOf(good), 3), [ids([1, 0], [2, 0], [6, 0])]);
  });

  it('fail a step at once when the graph service of a party goes away meanwhile', async () => {
    const [probe] = await prepare([irisOf('left alone')]);
    const run = nextRun();
    const steps = await ofEach((party) =>
      Promise.resolve(step(searches, { ...searchFor(probe.shared[party], 5), run }, ids([1, 0], [2, 0]))),
    );
    // The others have not begun: it waits for them.
    const openBefore = await openAt(P1);
    const leaving = three.parties[P1].openHop();
    const left = leaving.evaluate(steps[P1]).catch(() => 'left');
    await until('its run has begun', async () => (await openAt(P1)) > openBefore);
    leaving.cancel();
    assert.equal(await left, 'left');
    for (const party of [P0, P2]) {
      const [answer] = await hops[party].evaluate(steps[party]);
      assert.equal(StepStatus[answer.status], 'PARTY_FAILED');
      assert.match(answer.detail, /^party 1: its graph service is gone/);
    }
  });

  it('fail a step that the parties call differently, within the time that links wait', async () => {
    const [probe] = await prepare([irisOf('lied about')]);
    const runs = [nextRun(), nextRun()];
    const answers = await ofEach(async (party) => {
      const open = { ...searchFor(probe.shared[party], 5), run: runs[party === P2 ? 1 : 0] };
      return (await hops[party].evaluate(step(searches, open, ids([1, 0], [2, 0]))))[0];
    });
    for (const answer of answers) assert.equal(StepStatus[answer.status], 'PARTY_FAILED', answer.detail);
  });

  it('say at once that a party was killed, and serve again when it is back', async () => {
    const probes = await prepare([irisOf('somebody'), irisOf('nobody')]);
    const said: wire.SessionResponse[] = [];
    const { call } = await three.parties[P0].join();
    call.on('data', (response: wire.SessionResponse) => said.push(response));
    let ended = 0;
    /** Steps one after the other until one is not answered; resolves to what that says. */
    const keepAsking = async (party: PartyIndex, lane: number): Promise<wire.StepAnswer | undefined> => {
      for (let turn = 0; ; turn++) {
        const id = 100_000 + 1_000 * lane + turn;
        const open = { ...searchFor(probes[0].shared[party], 5), run: runName(batch, id) };
        const everybody = ids(...Array.from({ length: PEOPLE }, (_, index): Id => [index + 1, 0]));
        const answers = await hops[party]
          .evaluate(step(id, open, everybody, { close: true }))
          .catch(() => undefined);
        if (answers === undefined) return undefined;
        if (answers[0].status !== StepStatus.OK) return answers[0];
        ended += 1;
      }
    };
    const lanes = PARTIES.map((party) => Promise.all([0, 1, 2, 3].map((lane) => keepAsking(party, lane))));
    await until('they compare', () => ended > 30);
    await three.parties[P1].kill();
    const killed = Date.now();
    const [first, second, third] = await Promise.all(lanes);
    // Long before a run is given up that nobody answers.
    assert.ok(Date.now() - killed < 20_000, `${Date.now() - killed} ms`);
    for (const answer of second) assert.equal(answer, undefined);
    for (const answer of [...first, ...third]) {
      assert.equal(answer?.status, StepStatus.PARTY_FAILED);
      assert.match(answer.detail, /^party 1: /);
    }
    await until('its session says so', () => said.at(-1)?.partyAway?.startsWith('party 1: ') === true);
    assert.equal(await three.parties[P0].health(), 'NOT_SERVING');
    assert.equal(await three.parties[P2].health(), 'NOT_SERVING');
    assert.match(await three.ask(P2, '/readyz'), /^party 1: .*away/);
    batch += 1;
    const [away] = await hops[P0].evaluate(
      step(1, { ...searchFor(probes[1].shared[0], 1), run: nextRun() }, ids([1, 0])),
    );
    assert.equal(away.status, StepStatus.PARTY_FAILED);
    assert.match(away.detail, /^party 1: .*away/);
    // What needs no other party goes on.
    assert.equal((await three.parties[P0].fetch(1)).vectorId?.serialId, 1);

    await three.parties[P1].startAgain();
    await three.join();
    await until('its session says that all are there', () => said.at(-1)?.partyAway === undefined);
    hops = three.openHops();
    const [again] = await prepare([irisOf('somebody')]);
    await search((handleOf) => searchFor(handleOf(again), 9), [ids([1, 0], [2, 0], [6, 0], [7, 0])]);
    call.cancel();
  });

  it('write nothing secret', async () => {
    const shares = sharesOf({ left: irisOf('secret').left, right: irisOf('secret').right });
    await ofEach((party) => three.parties[party].prepareProbes(three.session(party), [shares[party]]));
    for (const party of PARTIES) {
      const { output } = three.parties[party];
      assert.match(output, /iris service serving/);
      assert.doesNotMatch(output, /PRIVATE KEY/);
      // Neither numbers of bytes nor their text.
      assert.doesNotMatch(output, /[0-9a-f]{64}|(\d+,){16}/i);
    }
  });
});
