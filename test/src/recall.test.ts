/** Recall watched on a real pair: by audits, by a real Prometheus, and by `irispair recall`. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { formatCapture } from 'irispair/input/ndjson';
import { Population } from 'irispair/generate/population';
import { irispair } from 'irispair/support/run-command';
import { cutLinks } from './support/cut-links.js';
import { PairUnderTest } from './support/pair-under-test.js';
import { PrometheusUnderTest } from './support/prometheus.js';

const RULES = join(dirname(fileURLToPath(import.meta.url)), '../../docker/prometheus/rules');
const PEOPLE = 120;
const SOUGHT = 60;
const PLAN: api.RecallPlan = { samples: 1, target: 0.9 };
const FULL = { of: 'people' } as const;

const population = new Population('recall');

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

describe('the recall of a pair', () => {
  let test: PairUnderTest;
  let prometheus: PrometheusUnderTest;
  before(async () => {
    // Small as it is, a walk of it must not see all of it.
    test = await PairUnderTest.start({ IRISPAIR_AUDIT_SHARE: '1', IRISPAIR_M: '16', IRISPAIR_EF: '64' });
    prometheus = await PrometheusUnderTest.start({
      targets: { 'graph-service': test.http.graph, 'iris-service': test.http.iris },
      rules: `${RULES}/*.yml`,
    });
    await process(Array.from({ length: PEOPLE }, (_, index) => ask('enroll', enrolment(index))));
  });
  after(async () => {
    await prometheus.stop();
    await test.stop();
  });

  function ask($case: 'enroll' | 'search', iris: Iris): api.ProcessRequest['request'] {
    return { $case, value: { iris: irisMessage(iris), orList: [] } };
  }

  /** Asks all at once; resolves to the answers in the order of asking. @throws when one failed */
  async function process(
    requests: api.ProcessRequest['request'][],
  ): Promise<api.ProcessResponse['response'][]> {
    const answers: api.ProcessResponse['response'][] = [];
    await test.client.process(
      requests.map((request, index) => ({ requestId: `request ${index}`, request })),
      ({ requestId, response }) => {
        assert.notEqual(response?.$case, 'error', JSON.stringify(response));
        answers[Number(requestId.split(' ')[1])] = response;
      },
    );
    return answers;
  }

  function searchForAll(): Promise<api.ProcessResponse['response'][]> {
    return process(Array.from({ length: SOUGHT }, (_, index) => ask('search', again(index))));
  }

  async function shown(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    const text = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = text
      .split('\n')
      .find((one) => one.startsWith(name) && wanted.every((label) => one.includes(label)));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  async function allAudited(count: number): Promise<void> {
    await until('every search is audited or skipped', async () => {
      const audits = (await shown('irispair_recall_audits_total ')) ?? 0;
      const behind = (await shown('irispair_recall_audits_skipped_total', { reason: 'behind' })) ?? 0;
      const failed = (await shown('irispair_recall_audits_skipped_total', { reason: 'failed' })) ?? 0;
      return audits + behind + failed === count;
    });
  }

  it('is 1 by audits of a sound graph, with an interval, and nothing is told amiss', async () => {
    await searchForAll();
    await allAudited(PEOPLE + SOUGHT);
    const expected = (await shown('irispair_recall_expected_total', FULL)) ?? 0;
    assert.ok(expected > 0);
    assert.equal(await shown('irispair_recall_found_total', FULL), expected);
    assert.equal(await shown('irispair_recall_expected_total', { of: 'eyes' }), 2 * expected);
    assert.equal(await shown('irispair_recall_ratio', FULL), 1);
    assert.equal(await shown('irispair_recall_upper_ratio', FULL), 1);
    const lower = (await shown('irispair_recall_lower_ratio', FULL)) ?? 0;
    assert.ok(lower > expected / (expected + 4) - 0.01 && lower < 1, `${lower} of ${expected}`);
    assert.deepEqual(
      test.log.filter((line) => line.includes('walks missed')),
      [],
    );
    await until('what is audited is released', async () => {
      const text = await (await fetch(`http://${test.http.iris}/metrics`)).text();
      return /^irispair_queries 0$/m.test(text);
    });
    const firing = (await prometheus.rules()).filter(({ state }) => state === 'firing');
    assert.deepEqual(
      firing.map(({ name }) => name),
      [],
    );
  });

  it('is measured on request, by captures made up and by captures given, and its sums are those of the captures', async () => {
    const madeUp = await recall('--samples', '40');
    assert.equal(madeUp.captures, 40);
    assert.equal(madeUp.made_up, true);
    const file = join(test.directory, 'probes.ndjson');
    const captures = [...Array.from({ length: 30 }, (_, index) => again(index)), enrolment(5_000)];
    await writeFile(
      file,
      captures.map((iris, index) => `${formatCapture({ id: String(index), iris })}\n`).join(''),
    );
    const given = await recall('--probes', file);
    assert.deepEqual([given.captures, given.without_match, given.made_up], [31, 1, false]);
    for (const { measured, graph, advice, suggested } of [madeUp, given]) {
      assert.ok(measured.length > 2);
      const inUse = measured.find(({ ef }) => ef === graph.ef);
      assert.ok(inUse !== undefined);
      assert.equal(inUse.people.share, 1);
      assert.ok(inUse.people.expected >= 28 && inUse.people.lower > 0.85 && inUse.people.upper === 1);
      assert.deepEqual([advice, suggested.ef], ['keep', graph.ef]);
      for (const { people, eyes } of measured) {
        assert.equal(people.expected, inUse.people.expected);
        assert.equal(eyes.expected, 2 * people.expected);
      }
    }
    assert.equal(given.measured[0].people.expected, 30);
  });

  it('is not measured by a plan or a capture that is wrong, and the reason is named', async () => {
    const wrong: [plan: api.RecallPlan, probes: api.Iris[], problem: RegExp][] = [
      [{ samples: 10_001, target: 0.9 }, [], /^plan\.samples: 10001, at most 10000/],
      [{ samples: 1, target: 1 }, [], /^plan\.target: 1: give a share above 0 and below 1/],
      [{ samples: 1, target: NaN }, [], /^plan\.target: NaN/],
      [{ samples: 0, target: 0.9 }, [], /^probe: none came/],
      [{ samples: 0, target: 0.9 }, [{ left: undefined, right: undefined }], /^probe\[0\]\.left: missing/],
    ];
    for (const [plan, probes, problem] of wrong) {
      await assert.rejects(
        test.client.measureRecall(plan, probes, () => undefined),
        (error: { code: status; details: string }) => {
          assert.deepEqual(
            [error.code, problem.test(error.details)],
            [status.INVALID_ARGUMENT, true],
            error.details,
          );
          return true;
        },
      );
    }
    const bad = await irispair(['recall', '--samples', '0']);
    assert.equal(bad.code, 2);
    assert.match(bad.errors, /Give an integer from 1 to 10000/);
  });

  it('is measured for the next caller when one went away in the middle', async () => {
    async function* leaving(): AsyncGenerator<api.Iris> {
      yield irisMessage(again(0));
      await until('it is being measured', async () => {
        try {
          await test.client.measureRecall(PLAN, [], () => undefined);
          return false;
        } catch (error) {
          return String(error).includes('another measurement');
        }
      });
      throw new Error('went away');
    }
    await assert.rejects(
      test.client.measureRecall({ samples: 0, target: 0.9 }, leaving(), () => undefined),
      /went away/,
    );
    await until('the next one is measured', async () => {
      const result = await test.client.measureRecall(PLAN, [], () => undefined).catch(() => undefined);
      return result?.captures === 1;
    });
  });

  it('goes on being watched when the iris service was away: what was drawn is skipped, or audited', async () => {
    const before = (await shown('irispair_recall_audits_total ')) ?? 0;
    const searched = searchForAll();
    await searched;
    await test.pair.kill('iris', 'SIGKILL');
    await test.startAgain('iris');
    await allAudited(PEOPLE + 2 * SOUGHT);
    await searchForAll();
    await allAudited(PEOPLE + 3 * SOUGHT);
    assert.ok(((await shown('irispair_recall_audits_total ')) ?? 0) > before);
    assert.equal(await shown('irispair_recall_ratio', FULL), 1);
    assert.deepEqual(
      test.log.filter((line) => line.includes('walks missed')),
      [],
    );
  });

  it('falls when links of the graph are cut: the alert fires, and whoever was missed is logged with the walks', async () => {
    await test.restart(() => cutLinks(join(test.directory, 'graph')));
    const answers = await searchForAll();
    const missed = answers.filter(
      (answer) => answer?.$case === 'search' && answer.value.decision === api.Decision.UNIQUE,
    );
    assert.ok(missed.length > SOUGHT / 2, `${missed.length} were missed`);
    await allAudited(SOUGHT);
    const upper = (await shown('irispair_recall_upper_ratio', FULL)) ?? 1;
    assert.ok(upper < 0.9, `upper bound ${upper}`);
    await until('Prometheus tells of it', async () => {
      const rules = await prometheus.rules();
      return rules.some(({ name, state }) => name === 'IrisPairRecallLow' && state === 'firing');
    });
    const alert = (await prometheus.rules()).find(({ name }) => name === 'IrisPairRecallLow')?.alerts[0];
    assert.match(alert?.annotations.summary ?? '', /^walks find [\d.]+% of the people who match at most$/);

    const [line] = test.log.filter((line) => line.includes('walks missed somebody'));
    const logged = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown> & {
      walks: { side: string; visited: number; nearest: number[]; linksOfMissed: number }[];
    };
    assert.match(String(logged.requestId), /^request \d+$/);
    assert.deepEqual(
      [logged.request, logged.orientation, logged.version, logged.level],
      ['search', 'normal', 0, 40],
    );
    assert.ok(Number(logged.missed) >= 1 && Number(logged.missed) <= PEOPLE);
    assert.deepEqual(
      logged.walks.map(({ side }) => side),
      ['left', 'right'],
    );
    for (const { visited, nearest, linksOfMissed } of logged.walks) {
      assert.ok(visited > 0 && visited < PEOPLE);
      assert.ok(nearest.length > 0 && !nearest.includes(Number(logged.missed)));
      assert.equal(linksOfMissed, 0);
    }
    const measured = await recall('--samples', '30');
    assert.equal(measured.advice, 'rebuild');
    assert.equal(measured.target_missed, true);
  });

  it('leaves requests their turn while everything is audited and measured', async () => {
    const measuring = test.client.measureRecall({ samples: 100, target: 0.9 }, [], () => undefined);
    await searchForAll();
    const other = test.client.measureRecall({ samples: 1, target: 0.9 }, [], () => undefined);
    await Promise.all([
      measuring,
      other.catch((error: unknown) => {
        assert.match(String(error), /another measurement of recall runs/);
      }),
    ]);
    await allAudited(2 * SOUGHT);
  });

  interface Recall {
    readonly captures: number;
    readonly without_match: number;
    readonly made_up: boolean;
    readonly target_missed: boolean;
    readonly advice: string;
    readonly graph: { readonly ef: number };
    readonly suggested: { readonly ef: number };
    readonly measured: readonly (api.RecallAtEf & { people: api.RecallShare; eyes: api.RecallShare })[];
  }

  async function recall(...args: string[]): Promise<Recall> {
    const { output, errors, code } = await irispair([
      'recall',
      '--server',
      test.client.address,
      '--json',
      ...args,
    ]);
    assert.ok(code === 0 || code === 1, errors);
    const result = JSON.parse(output) as Recall;
    assert.equal(code === 1, result.target_missed);
    return result;
  }
});

describe('a pair that has nothing to audit', () => {
  const FEW = 12;
  const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'because it is told to audit nothing': { IRISPAIR_AUDIT_SHARE: '0' },
    'because it scans everything': { IRISPAIR_AUDIT_SHARE: '1', IRISPAIR_INDEX: 'exact' },
    'because it is small': { IRISPAIR_AUDIT_SHARE: '1', IRISPAIR_INDEX: 'auto' },
  };

  async function metricsOf(address: string): Promise<string> {
    return (await fetch(`http://${address}/metrics`)).text();
  }

  for (const [why, environment] of Object.entries(settings)) {
    it(`audits nothing, ${why}`, async () => {
      const test = await PairUnderTest.start(environment);
      try {
        const enrolments = Array.from({ length: FEW }, (_, index): api.ProcessRequest => ({
          requestId: String(index),
          request: { $case: 'enroll', value: { iris: irisMessage(enrolment(index)), orList: [] } },
        }));
        await test.client.process(enrolments, ({ response }) => {
          assert.equal(response?.$case, 'enroll');
        });
        for (let index = 0; index < FEW; index++) {
          const request = { iris: irisMessage(again(index)), orList: [] };
          assert.equal((await test.client.search(request)).decision, api.Decision.DUPLICATE);
        }
        // An audit holds its probes until it is over.
        await until('all probes are released', async () => {
          return /^irispair_queries 0$/m.test(await metricsOf(test.http.iris));
        });
        assert.doesNotMatch(await metricsOf(test.http.iris), /method="IdleScan"/);
        const shown = await metricsOf(test.http.graph);
        assert.match(shown, /^irispair_recall_audits_total 0$/m);
        assert.doesNotMatch(shown, /^irispair_recall_audits_skipped_total\S* [1-9]/m);
        assert.doesNotMatch(shown, /^irispair_recall_(ratio|lower_ratio|upper_ratio)\{/m);
      } finally {
        await test.stop();
      }
    });
  }
});
