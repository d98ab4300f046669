/** Three parties on tables of shares that a deployment filled: loaded as they are, indexed together, and served. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { ofEachParty } from 'irispair/client/of-each-party';
import { isUnavailable } from 'irispair/client/pair-client';
import { Population } from 'irispair/generate/population';
import { formatCapture } from 'irispair/input/ndjson';
import { recombineIris } from 'irispair/shares/iris-shares';
import { irispair } from 'irispair/support/run-command';
import { DeployedTables, IRISES, sharesIn } from './support/deployed-tables.js';
import { ThreePartiesUnderTest } from './support/three-parties.js';
import { unmasked } from './support/unmasked.js';

/** The graph takes three batches. */
const PEOPLE = 160;
const STRANGERS = 5;
const BAD_ROW = 17;
const [LEADER, SECOND, THIRD] = PARTIES;
const DONE = 'irispair_graph_catch_up_done_irises';
const EXPECTED = 'irispair_graph_catch_up_expected_irises';
const BUILT_MILLISECONDS = 120_000;

const population = new Population('a deployment');

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

describe("three parties on a deployment's tables", () => {
  let cluster: TestCluster;
  let tables: DeployedTables;
  let test: ThreePartiesUnderTest;

  before(async () => {
    cluster = await TestCluster.start();
    tables = await DeployedTables.make(
      cluster,
      Array.from({ length: PEOPLE }, (_, index) => enrolment(index)),
    );
    await changeBadRow("left_mask || '\\x00'");
    test = await ThreePartiesUnderTest.launch(
      { IRIS_STORE_INITIAL_CAPACITY: '500' },
      ofEachParty((party) => ({
        IRISPAIR_IRIS_STORE: tables.url(party),
        IRISPAIR_GRAPH_STORE: tables.url(party),
      })),
    );
  });
  after(async () => {
    await test.stop();
    await cluster.remove();
  });

  /** The mask of its left eye at one party, nothing else. */
  async function changeBadRow(leftMask: string): Promise<void> {
    await tables.sql(
      SECOND,
      `SET app.explicit_version_id TO on; UPDATE ${IRISES} SET left_mask = ${leftMask} WHERE id = ${BAD_ROW}`,
    );
  }

  /** A figure that a party's graph service shows; 0 while it shows none. */
  async function figure(party: PartyIndex, name: string): Promise<number> {
    const url = `http://${test.parties.places[party].http.graph}/metrics`;
    const answer = await fetch(url).catch(() => undefined);
    const shown = new RegExp(`^${name} (\\d+)$`, 'm').exec((await answer?.text()) ?? '');
    return Number(shown?.[1] ?? 0);
  }

  /** Why a party takes no requests; empty while its graph service does not listen yet. */
  async function reasonOf(party: PartyIndex): Promise<string> {
    try {
      const { ready, irisAway } = await test.clients[party].status();
      assert.equal(ready, false);
      return irisAway;
    } catch (error) {
      if (isUnavailable(error)) return '';
      throw error;
    }
  }

  it('name a bad row of one party, and serve nowhere until it is corrected', async () => {
    await until('party 1 refuses its table', () => test.log.includes('[party 1, iris] ended: exit code 2'));
    const told = test.log.filter((line) => line.startsWith('[party 1, iris]')).join('\n');
    assert.match(told, /row 17: left_mask has 12801 bytes, expected 12800: correct it/);
    await until('the others miss it', async () => {
      const reasons = await Promise.all([LEADER, THIRD].map(reasonOf));
      return reasons.every((reason) => reason.includes('party 1'));
    });
    await changeBadRow('substr(left_mask, 1, 12800)');
    test.parties.pairs[SECOND].startService('iris');
  });

  it('index together, showing how far they are, and go on where one was killed', async () => {
    await until(
      'a part of the graph is built',
      async () => (await figure(LEADER, DONE)) > 0,
      BUILT_MILLISECONDS,
    );
    assert.equal(await figure(LEADER, EXPECTED), PEOPLE);
    assert.match(
      await reasonOf(LEADER),
      /^the graphs of the three parties are catching up: \d+ of 160 irises$/,
    );
    const killed = test.parties.pairs[LEADER];
    await Promise.all([killed.kill('graph', 'SIGKILL'), killed.kill('iris', 'SIGKILL')]);
    const [{ kept }] = await tables.sql<{ kept: number }>(
      LEADER,
      'SELECT count(*)::int AS kept FROM irispair_graph.nodes',
    );
    assert.ok(kept > 0 && kept < PEOPLE, `${kept} of ${PEOPLE}`);
    killed.startService('iris');
    killed.startService('graph');
    await test.untilReady();
    for (const party of PARTIES) {
      assert.deepEqual(
        [await figure(party, EXPECTED), await figure(party, DONE)],
        [PEOPLE - kept, PEOPLE - kept],
        `party ${party}`,
      );
      assert.ok(test.log.some((line) => line.startsWith(`[party ${party}] catching the graph up: `)));
    }
    assert.deepEqual(await test.held(), Array(3).fill([PEOPLE, PEOPLE]));
  });

  it('find everybody in new captures, and nobody in strangers', async () => {
    const probes = join(test.directory, 'probes.ndjson');
    const captures = Array.from({ length: PEOPLE + STRANGERS }, (_, index) =>
      formatCapture({ id: String(index), iris: index < PEOPLE ? again(index) : enrolment(index) }),
    );
    await writeFile(probes, `${captures.join('\n')}\n`);
    const { code, output, errors } = await irispair([
      'search',
      probes,
      '--parties',
      test.addresses,
      '--json',
    ]);
    assert.equal(code, 0, errors);
    const answers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; decision: string; matches: number[] });
    assert.equal(answers.length, captures.length);
    for (const { id, decision, matches } of answers) {
      const index = Number(id);
      const expected = index < PEOPLE ? ['duplicate', index + 1] : ['unique'];
      assert.deepEqual([decision, ...matches], expected, `capture ${id}`);
    }
  });

  it('enrol into all three tables', async () => {
    const { serialId } = await test.client.enroll({ iris: irisMessage(enrolment(1_000)), orList: [] });
    assert.equal(serialId, PEOPLE + 1);
    const rows = await tables.rows(serialId);
    assert.deepEqual(
      rows.map(({ version_id }) => version_id),
      [0, 0, 0],
    );
    assert.deepEqual(recombineIris(sharesIn(rows)), unmasked(enrolment(1_000)));
  });

  it('replace and delete what the deployment enrolled', async () => {
    const { version } = await test.client.reauthenticate({ serialId: 5, iris: irisMessage(again(4)) });
    assert.equal(version, 1);
    const rows = await tables.rows(5);
    assert.deepEqual(
      rows.map(({ version_id }) => version_id),
      [1, 1, 1],
    );
    assert.deepEqual(recombineIris(sharesIn(rows)), unmasked(again(4)));
    assert.equal((await test.client.delete(5)).version, 2);
    const { decision } = await test.client.search({ iris: irisMessage(again(4)), orList: [] });
    assert.equal(decision, api.Decision.UNIQUE);
  });
});
