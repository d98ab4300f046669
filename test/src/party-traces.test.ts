/** What traces say of a hop in secret-shared mode: iris services of three parties, and a collector that takes what they send. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { PARTIES } from '@irispair/common/parties/party';
import { until } from '@irispair/common/support/until';
import { clockBeganNow, newSpanId, newTraceId } from '@irispair/common/traces/place';
import { traceContextOf } from '@irispair/common/traces/context';
import { irisOf } from '@irispair/iris-service/support/irises';
import { ids, insert, runName, searchFor, step } from '@irispair/iris-service/support/steps';
import { ofEach, ThreeParties } from '@irispair/iris-service/support/three-parties';
import { OtlpReceiver } from './support/otlp-receiver.js';

describe('traces of three parties', () => {
  let collector: OtlpReceiver;
  let three: ThreeParties;
  before(async () => {
    collector = await OtlpReceiver.http();
    three = await ThreeParties.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
  });
  after(async () => {
    await three.stop();
    await collector.stop();
  });

  it('say of a hop how many rounds and bytes it took, and how long it waited for the others', async () => {
    const handles = await three.prepare([irisOf('a'), irisOf('b'), irisOf('c')]);
    await ofEach((party) =>
      three.commit(
        party,
        handles[party].map((handle, index) => insert(handle, index + 1)),
      ),
    );
    const place = { traceId: newTraceId(), spanId: newSpanId(), traceState: '', clockBegan: clockBeganNow() };
    const trace = traceContextOf(place);
    const hops = three.openHops();
    await ofEach(async (party) => {
      const open = { ...searchFor(handles[party][0], 4), run: runName(1, 1) };
      const steps = [step(1, open, ids([1, 0], [2, 0], [3, 0]), { close: true, trace })];
      const { answers } = await hops[party].send(steps, { trace, sentMicroseconds: monotonicMicroseconds() });
      assert.equal(answers[0].matchCount, 1);
    });
    await until('all three have told', () => collector.of(place.traceId).length === PARTIES.length);
    const told = collector.of(place.traceId).map(({ name, parentSpanId, error, attributes }) => {
      assert.deepEqual([name, parentSpanId, error], ['hop', place.spanId, undefined]);
      return (what: string) => Number(attributes[what]);
    });
    const sent = told.map((of) => of('irispair.parties.bytes_sent'));
    for (const of of told) {
      assert.ok(of('irispair.parties.rounds') > 10);
      assert.equal(of('irispair.parties.rounds'), told[0]('irispair.parties.rounds'));
      assert.ok(of('irispair.parties.wait_microseconds') > 0);
      assert.ok(of('irispair.parties.wait_microseconds') <= of('irispair.hop.compute_microseconds'));
    }
    // What one sends, its next receives.
    const received = told.map((of) => of('irispair.parties.bytes_received'));
    assert.deepEqual([...received].sort(), [...sent].sort());
  });
});
