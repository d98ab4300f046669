import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { credentials, status } from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { packVectorIds, serialId, version } from '@irispair/common/ids/vector-id';
import { fractionalHammingDistance, unpackDistances } from '@irispair/native/distances';
import * as hop from '@irispair/proto/compute';
import { PairUnderTest } from './support/pair-under-test.js';

type Figures = [differing: number, unmasked: number][];

interface Vectors {
  templates: { id: string; iris_codes: string; mask_codes: string }[];
  pairs: {
    probe: string;
    gallery: string;
    by_shift: Figures;
    min11: { fhd: number; shift: number } | null;
    min31: { fhd: number; shift: number } | null;
    mirrored_probe_by_shift: Figures;
  }[];
}

const vectors = JSON.parse(
  gunzipSync(readFileSync(new URL('../vectors/iris-vectors.json.gz', import.meta.url))).toString(),
) as Vectors;

/** Too little of it is usable: the door is shut to it. */
const REFUSED = 'masked-out';
const ROTATIONS = Array.from({ length: 31 }, (_, index) => index - 15);

let test: PairUnderTest;
let client: hop.IrisComputeClient;
let sessionId = 0;
let leave: () => void;

before(async () => {
  test = await PairUnderTest.start();
  client = new hop.IrisComputeClient(
    socketTarget(test.pair.socket),
    credentials.createInsecure(),
    HOP_CHANNEL_OPTIONS,
  );
  const session = client.session({ client: 'vectors' });
  session.on('error', (error: Error & { code?: number }) => {
    assert.equal(error.code, status.CANCELLED);
  });
  sessionId = await new Promise<number>((resolve) => {
    session.once('data', (first: hop.SessionResponse) => {
      resolve(first.sessionId);
    });
  });
  leave = () => {
    session.cancel();
    client.close();
  };
});
after(async () => {
  leave();
  await test.stop();
});

/** Each template as both eyes of a probe. */
function prepare(ids: readonly string[]): Promise<number[]> {
  const probes = ids.map((id): hop.Probe => {
    const found = vectors.templates.find((template) => template.id === id);
    assert.ok(found);
    const template = {
      irisCodes: Buffer.from(found.iris_codes, 'base64'),
      maskCodes: Buffer.from(found.mask_codes, 'base64'),
    };
    return { left: template, right: template };
  });
  return new Promise((resolve, reject) => {
    client.prepareQuery({ sessionId, probes, trace: undefined }, (error, response) => {
      if (error === null) resolve(response.queryHandles);
      else reject(error);
    });
  });
}

function commit(changes: hop.Change[]): Promise<hop.CommitResponse> {
  return new Promise((resolve, reject) => {
    client.commit({ changes, trace: undefined }, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

it('reproduces every published figure through the running pair', async () => {
  const ids = vectors.templates.map(({ id }) => id).filter((id) => id !== REFUSED);
  const handles = await prepare(ids);
  await commit(
    handles.map((queryHandle, index) => ({
      kind: { $case: 'insert', value: { queryHandle, serialId: index + 1 } },
    })),
  );

  const stream = client.evaluate();
  const answers = new Map<number, (response: hop.EvaluateResponse) => void>();
  stream.on('data', (response: hop.EvaluateResponse) => answers.get(response.requestId)?.(response));
  let requests = 0;
  let searches = 0;

  /** The distance of a pair in each of the windows, one search each. */
  async function distances(
    pair: Vectors['pairs'][number],
    orientation: hop.Orientation,
    windows: readonly [base: number, reach: number][],
  ) {
    const candidates = packVectorIds([
      { serialId: serialId(ids.indexOf(pair.gallery) + 1), version: version(0) },
    ]);
    requests += 1;
    const requestId = requests;
    const steps = windows.map(([baseRotation, rotationReach]): hop.SearchStep => {
      searches += 1;
      return {
        searchId: searches,
        open: {
          query: { $case: 'queryHandle', value: handles[ids.indexOf(pair.probe)] },
          side: hop.Side.LEFT,
          orientation,
          baseRotation,
          rotationReach,
          ef: 1,
          matchLimit: 16_384,
        },
        candidates,
        close: true,
        withDistances: true,
        deadlineMicroseconds: 0,
        trace: undefined,
      };
    });
    const answered = new Promise<hop.EvaluateResponse>((resolve) => answers.set(requestId, resolve));
    stream.write({ requestId, trace: undefined, sentMicroseconds: 0, steps });
    return (await answered).answers.map((answer) => {
      assert.equal(answer.status, hop.StepStatus.OK, answer.detail);
      return unpackDistances(answer.distances)[0];
    });
  }

  const everyRotation = ROTATIONS.map((rotation): [number, number] => [rotation, 0]);
  const pairs = vectors.pairs.filter(({ probe }) => probe !== REFUSED);
  assert.equal(pairs.length, vectors.pairs.length - 1);
  for (const pair of pairs) {
    const normal = await distances(pair, hop.Orientation.NORMAL, [...everyRotation, [0, 5], [0, 15]]);
    const mirrored = await distances(pair, hop.Orientation.MIRROR, everyRotation);
    const figures = (some: typeof normal): Figures =>
      some.map(({ differing, unmasked }) => [differing, unmasked]);
    const [min11, min31] = normal.slice(31).map((least) => ({
      fhd: fractionalHammingDistance(least),
      shift: least.rotation,
    }));
    assert.deepEqual(figures(normal.slice(0, 31)), pair.by_shift);
    assert.deepEqual(figures(mirrored), pair.mirrored_probe_by_shift);
    assert.deepEqual({ min11, min31 }, { min11: pair.min11, min31: pair.min31 });
  }
  stream.end();
});

it('refuses the template of which too little is usable', async () => {
  await assert.rejects(prepare([REFUSED]), (error: Error & { code?: number; details?: string }) => {
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.match(
      error.details ?? '',
      /^probes\[0\]\.left\.mask_codes: fewer than 6400 of 12800 bits are usable/,
    );
    return true;
  });
});
