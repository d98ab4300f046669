/** What a pair shows of itself, as a real Prometheus reads it, beside what was done and what is described. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { until } from '@irispair/common/support/until';
import { readTopology } from '@irispair/native/topology';
import { MemoryUse } from '@irispair/proto/placement';
import type * as api from '@irispair/proto/public';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';
import { PrometheusUnderTest, promtool } from './support/prometheus.js';
import { metricsIn, readDescribed, readShown, type ShownMetric } from './support/shown-metrics.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const RULES = join(ROOT, 'docker/prometheus/rules');
const RULES_TESTS = join(ROOT, 'docker/prometheus/rules-tests');
const DASHBOARDS = join(ROOT, 'docker/grafana/dashboards');

const PEOPLE = 40;
const FOUND = 10;
const CAPACITY = 2_000;
/** Searches a capture: two sides, two orientations. */
const SEARCHES = 4;

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

function readDashboards(): Dashboard[] {
  return readdirSync(DASHBOARDS)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as Dashboard);
}

/** As Grafana asks it. */
function asked(expression: string): string {
  return expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
}

describe('the metrics of a pair', () => {
  const population = new Population('metrics');
  let test: PairUnderTest;
  let prometheus: PrometheusUnderTest;
  let shown: Readonly<Record<'graph' | 'iris', Map<string, ShownMetric>>>;
  before(async () => {
    test = await PairUnderTest.start({ IRISPAIR_AUDIT_SHARE: '1' });
    prometheus = await PrometheusUnderTest.start({
      targets: { 'graph-service': test.http.graph, 'iris-service': test.http.iris },
      rules: `${RULES}/*.yml`,
    });
    await until('both services were read before anything is done', async () => {
      const read = await prometheus.query('irispair_ready == 1');
      return read.length === 2;
    });
    await work();
    await until('what was done is read', async () => {
      // A rate needs two figures.
      const refused = 'count_over_time(irispair_request_duration_seconds_count{code="INVALID_ARGUMENT"}[1m])';
      const answered = await prometheus.query(`${refused} >= 2`);
      const held = await prometheus.query('irispair_queries == 0 and on () irispair_stored_people == 39');
      return answered.length === 1 && held.length === 1;
    });
    shown = {
      graph: readShown(await metricsOf(test.http.graph)),
      iris: readShown(await metricsOf(test.http.iris)),
    };
  });
  after(async () => {
    await prometheus.stop();
    await test.stop();
  });

  function enrolment(index: number): Iris {
    return population.enrolment(population.person(index));
  }

  function again(index: number): Iris {
    return population.again(population.person(index), 1);
  }

  /** 40 enrolments, 12 searches, 2 verifications, 2 deletions one of which is of nobody, and what is no request. */
  async function work(): Promise<void> {
    const enrolments = Array.from({ length: PEOPLE }, (_, index): api.ProcessRequest => ({
      requestId: String(index),
      request: { $case: 'enroll', value: { iris: irisMessage(enrolment(index)), orList: [] } },
    }));
    const serials: number[] = [];
    await test.client.process(enrolments, ({ requestId, response }) => {
      assert.equal(response?.$case, 'enroll');
      serials[Number(requestId)] = response.value.serialId;
    });
    const captures = [
      ...Array.from({ length: FOUND }, (_, index) => again(index)),
      enrolment(1_000),
      mirrored(again(11)),
    ];
    for (const iris of captures) await test.client.search({ iris: irisMessage(iris), orList: [] });
    const [serialId] = serials;
    await test.client.verify({ serialId, iris: irisMessage(again(0)) });
    await test.client.verify({ serialId, iris: irisMessage(again(1)) });
    await test.client.delete(serialId);
    await assert.rejects(test.client.delete(serialId));
    await assert.rejects(test.client.search({ iris: undefined, orList: [] }));
  }

  async function metricsOf(address: string): Promise<string> {
    return (await fetch(`http://${address}/metrics`)).text();
  }

  /** Compares what expressions give with what they must. */
  async function assertFigures(expected: Readonly<Record<string, number>>): Promise<void> {
    const found: Record<string, number> = {};
    for (const expression of Object.keys(expected)) found[expression] = await prometheus.figure(expression);
    assert.deepEqual(found, expected);
  }

  it('count requests by method and status, and decisions by kind', async () => {
    await assertFigures({
      'sum(up)': 2,
      'irispair_request_duration_seconds_count{method="Enroll", code="OK"}': PEOPLE,
      'irispair_request_duration_seconds_count{method="Search", code="OK"}': FOUND + 2,
      'irispair_request_duration_seconds_count{method="Search", code="INVALID_ARGUMENT"}': 1,
      'irispair_request_duration_seconds_count{method="Verify", code="OK"}': 2,
      'irispair_request_duration_seconds_count{method="Delete", code="OK"}': 1,
      'irispair_request_duration_seconds_count{method="Delete", code="NOT_FOUND"}': 1,
      'irispair_decisions_total{request="enroll", decision="unique"}': PEOPLE,
      'irispair_decisions_total{request="enroll", decision="duplicate"}': 0,
      'irispair_decisions_total{request="search", decision="unique"}': 1,
      'irispair_decisions_total{request="search", decision="duplicate"}': FOUND,
      'irispair_decisions_total{request="search", decision="mirror_attack"}': 1,
      'irispair_verifications_total{request="verify", matched="yes"}': 1,
      'irispair_verifications_total{request="verify", matched="no"}': 1,
      irispair_waiting_requests: 0,
    });
  });

  it('count batches and searches as often as there were requests', async () => {
    const searched = PEOPLE + FOUND + 2;
    await assertFigures({
      irispair_batch_requests_sum: searched + 4,
      'irispair_batch_requests_count - irispair_batch_duration_seconds_count': 0,
      'irispair_search_candidates_count{method="walk"}': SEARCHES * searched,
      irispair_search_hops_count: SEARCHES * searched,
      'sum(irispair_search_failures_total)': 0,
      'irispair_batch_search_seconds_count{method="walk"} <= bool ignoring (method) irispair_batch_requests_count': 1,
    });
    // Nobody who searched among 39 people or more compared fewer than half of them.
    assert.ok((await prometheus.figure('irispair_search_candidates_sum')) > SEARCHES * FOUND * (PEOPLE / 2));
  });

  it('tell the hops and their stages as the status does', async () => {
    const { hop, distances } = await test.client.status();
    assert.ok(hop !== undefined && hop.hops > 0);
    await assertFigures({
      irispair_hops_total: hop.hops,
      irispair_hop_steps_total: hop.steps,
      irispair_hop_candidates_total: hop.candidates,
      irispair_hop_searches_total: hop.searches,
      irispair_hop_bytes_total: hop.bytes,
      irispair_hop_disconnects_total: 0,
      // Walkers tell their counters at the end of a job, and have closed its searches by then or not yet.
      'irispair_hop_round_trip_seconds_count >= bool irispair_hops_total': 1,
      'irispair_hop_round_trip_seconds_count <= bool 2 * irispair_hops_total': 1,
      'count(irispair_hop_stage_seconds_count == on () group_left () irispair_hop_round_trip_seconds_count)': 4,
      irispair_distances_total: distances,
      irispair_open_searches: 0,
    });
    const stages = {
      transit_out: hop.transitOutMicroseconds,
      queue: hop.queueMicroseconds,
      compute: hop.computeMicroseconds,
      transit_back: hop.transitBackMicroseconds,
    };
    for (const [stage, microseconds] of Object.entries(stages)) {
      const seconds = await prometheus.figure(`irispair_hop_stage_seconds_sum{stage="${stage}"}`);
      const told = microseconds / 1e6;
      assert.ok(seconds > told - 1e-6, `${stage}: ${seconds} s, ${told} s`);
    }
    const [parts, whole] = [
      await prometheus.figure('sum(irispair_hop_stage_seconds_sum)'),
      await prometheus.figure('irispair_hop_round_trip_seconds_sum'),
    ];
    assert.ok(Math.abs(parts - whole) < 1e-6, `${parts} s of ${whole} s`);
    const median = await prometheus.figure('histogram_quantile(0.5, irispair_hop_round_trip_seconds_bucket)');
    assert.ok(median > 1e-5 && median < 1, `median ${median} s`);
  });

  it('tell what is stored, in the store, the arenas and the graph', async () => {
    await assertFigures({
      irispair_stored_people: PEOPLE - 1,
      irispair_enrolled_people: PEOPLE - 1,
      irispair_graph_nodes: PEOPLE - 1,
      irispair_highest_serial_id: PEOPLE,
      irispair_store_commit_changes_sum: PEOPLE + 1,
      'irispair_store_commit_seconds_count{result="stored"} - ignoring (result) irispair_store_commits_total': 0,
      'irispair_store_commit_seconds_count{result="failed"}': 0,
      irispair_store_away: 0,
      irispair_graph_unsaved: 0,
      'irispair_graph_store_save_seconds_count{result="stored"} > bool 0': 1,
      'irispair_arena_capacity_irises{side="left"}': CAPACITY,
      'irispair_arena_capacity_irises{side="right"}': CAPACITY,
      // The slot of the one that was deleted may not be free yet.
      'max(irispair_arena_used_irises) - max(irispair_stored_people) <= bool 1': 1,
      'irispair_graph_bytes > bool 0': 1,
      irispair_store_load_expected_irises: 0,
    });
    assert.ok((await prometheus.figure('sum(irispair_arena_bytes)')) >= 2 * CAPACITY * 2_400);
  });

  it('tell of the workers and the walkers', async () => {
    const { services } = await test.client.placement();
    const iris = services.find(({ service }) => service === 'iris');
    const workers = iris?.threads.filter(({ name }) => /^n\w+-(left|right)-/.test(name)).length;
    await assertFigures({
      'sum(irispair_pool_workers)': workers ?? 0,
      'count(irispair_pool_tasks_total > 0)': 2,
      'count(irispair_pool_steal_attempts_total >= on (side) job_steal_count)': 2,
      'count(irispair_pool_busy_seconds_total >= on (side) irispair_pool_kernel_seconds_total)': 2,
      'sum(irispair_pool_queued_tasks)': 0,
      irispair_walker_deaths_total: 0,
      'count(irispair_event_loop_delay_seconds_count > on (job) job_slow_poll_duration_ms_count)': 2,
      'count(irispair_event_loop_busy_seconds_total > 0)': 2,
    });
  });

  it('tell where everything is as irispair placement does', async () => {
    const topology = readTopology();
    for (const [metric, figure] of [
      ['hugepages_total_2mb', 'total'],
      ['hugepages_free_2mb', 'free'],
    ] as const) {
      for (const job of ['graph-service', 'iris-service']) {
        const found = await prometheus.query(`${metric}{job="${job}"}`);
        assert.deepEqual(
          found.map(({ labels, value }) => [labels.node, value]),
          topology.nodes.map(({ id, hugepages2Mb }) => [String(id), hugepages2Mb[figure]]),
        );
      }
    }
    for (const report of (await test.client.placement()).services) {
      const job = `${report.service}-service`;
      const [decided] = await prometheus.query(`irispair_placement_info{job="${job}"}`);
      assert.deepEqual(
        [decided.labels.placement, decided.labels.reason, decided.value],
        [report.placement, report.reason, 1],
      );
      const start = await prometheus.figure(`job_start_numa_node{job="${job}"}`);
      assert.ok(topology.nodes.some(({ id }) => id === start));
      const moves = await prometheus.query(`job_cpu_migrations{job="${job}"}`);
      const counted = report.threads.every(({ cpuMigrations }) => cpuMigrations !== undefined);
      assert.equal(moves.length, counted ? 1 : 0);
      for (const use of [MemoryUse.LEFT_IRISES, MemoryUse.RIGHT_IRISES, MemoryUse.REST]) {
        const part = report.parts.find((one) => one.use === use);
        const label = MemoryUse[use].toLowerCase();
        const found = await prometheus.query(`irispair_memory_bytes{job="${job}", use="${label}"}`);
        const isKnown = part?.count?.unknown === '';
        assert.equal(found.length > 0, isKnown, `${job}: ${label}`);
        const all = found.reduce((sum, { value }) => sum + value, 0);
        if (isKnown && use === MemoryUse.LEFT_IRISES) assert.ok(all >= CAPACITY * 2_400);
      }
      assert.ok((await prometheus.figure(`sum(irispair_threads{job="${job}"})`)) > 3);
    }
  });

  it('are described, all of them and no others, with type and labels', async () => {
    const described = await readDescribed(join(ROOT, 'docs/metrics.md'));
    const both = ['Both services', 'The process, in both services'];
    for (const [service, own] of [
      ['graph', 'Graph service'],
      ['iris', 'Iris service'],
    ] as const) {
      const wanted = new Map([...both, own].flatMap((heading) => [...(described.get(heading) ?? [])]));
      assert.deepEqual([...shown[service].keys()].sort(), [...wanted.keys()].sort());
      for (const [name, { type, labels }] of shown[service]) {
        assert.equal(wanted.get(name)?.type, type, name);
        if (labels !== undefined) assert.deepEqual(wanted.get(name)?.labels, labels, name);
      }
    }
  });

  it('have the names that operators look for', () => {
    const all = new Set([...shown.graph.keys(), ...shown.iris.keys()]);
    for (const name of [
      'job_start_numa_node',
      'job_numa_migrations',
      'job_steal_count',
      'job_slow_poll_duration_ms',
      'job_cpu_migrations',
      'hugepages_free_2mb',
      'hugepages_total_2mb',
      'hugepage_utilization_numa1',
    ]) {
      assert.ok(all.has(name), name);
    }
  });

  it('are all that rules and dashboards read', async () => {
    // Prometheus' own.
    const there = new Set(['up', ...shown.graph.keys(), ...shown.iris.keys()]);
    const rules = await prometheus.rules();
    const expressions = [
      ...rules.map(({ query }) => query),
      ...readDashboards().flatMap(({ panels }) =>
        panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ),
    ];
    assert.ok(expressions.length > 60, `${expressions.length} expressions`);
    for (const expression of expressions) {
      const read = metricsIn(expression);
      assert.ok(read.length > 0, expression);
      for (const name of read) {
        assert.ok(
          there.has(name) || there.has(name.replace(/_(sum|count)$/, '')),
          `${name} in ${expression}`,
        );
      }
    }
  });

  it('are drawn by dashboards whose every panel finds something, has a unit and says what it shows', async () => {
    const dashboards = readDashboards();
    assert.deepEqual(dashboards.map(({ uid }) => uid).sort(), [
      'irispair-hop',
      'irispair-placement',
      'irispair-search',
      'irispair-store',
    ]);
    const nodes = new Set(readTopology().nodes.map(({ id }) => id));
    const countsMoves = (await prometheus.query('job_cpu_migrations')).length > 0;
    for (const { title, panels } of dashboards) {
      for (const { title: name, description, fieldConfig, datasource, targets } of panels) {
        const what = `${title}: ${name}`;
        assert.match(description, /^\S.+\.$/, what);
        assert.notEqual(fieldConfig.defaults.unit, '', what);
        assert.equal(datasource.uid, 'prometheus', what);
        for (const { expr } of targets) {
          const found = await prometheus.query(asked(expr));
          const mayFindNothing =
            (expr.includes('hugepage_utilization_numa1') && !nodes.has(1)) ||
            (expr.includes('job_cpu_migrations') && !countsMoves);
          assert.ok(found.length > 0 || mayFindNothing, `${what} finds nothing: ${expr}`);
        }
      }
    }
  });

  it('have alerts that are loaded without error, and of a healthy pair tell what was done alone', async () => {
    await until('a mirrored capture is told of', async () => {
      const rules = await prometheus.rules();
      return rules.some(({ name, state }) => name === 'IrisPairMirrorAttack' && state === 'firing');
    });
    const rules = await prometheus.rules();
    for (const { name, health, lastError } of rules)
      assert.equal(health, 'ok', `${name}: ${lastError ?? ''}`);
    const firing = rules.filter(({ state }) => state === 'firing');
    assert.deepEqual(
      firing.map(({ name }) => name),
      ['IrisPairMirrorAttack'],
    );
    assert.match(firing[0].alerts[0].annotations.description, /^[\d.]+ mirrored captures came/);
  });
});

describe('the alert rules', () => {
  it('pass the check of Prometheus', async () => {
    const files = readdirSync(RULES).map((name) => join(RULES, name));
    assert.match(await promtool('check', 'rules', ...files), /SUCCESS/);
  });

  it('tell of one instance and not of another, each of them', async () => {
    const tests = readdirSync(RULES_TESTS).map((name) => join(RULES_TESTS, name));
    assert.match(await promtool('test', 'rules', ...tests), /SUCCESS/);
    const alerts = readdirSync(RULES).flatMap((name) => namesIn(join(RULES, name), /- alert: (\w+)/g));
    const tested = tests.flatMap((file) => namesIn(file, /alertname="(\w+)"/g));
    assert.deepEqual([...new Set(tested)].sort(), alerts.sort());
  });
});

function namesIn(file: string, pattern: RegExp): string[] {
  return Array.from(readFileSync(file, 'utf8').matchAll(pattern), ([, name]) => name);
}
