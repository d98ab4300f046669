/** One party of the bench in a process of its own: works through all shapes over both carriers, and tells its times. */
import { z } from 'zod';
import { readEnvironment } from '@irispair/common/config/environment';
import { PARTY_SETTINGS, partyAddressesSetting } from '@irispair/common/config/party-settings';
import { readPartyIdentity } from '@irispair/common/parties/party-identity';
import type { Carrier } from './carrier.js';
import { GrpcCarrier } from './grpc-carrier.js';
import { REPETITIONS, SHAPES, type Shape, type ShapeTime } from './shapes.js';
import { TlsCarrier } from './tls-carrier.js';

const SETTINGS = z.object({
  ...PARTY_SETTINGS,
  BENCH_LINKS: partyAddressesSetting(),
  BENCH_GRPC: partyAddressesSetting(),
});

async function timeOf(carrier: Carrier, { bytes, runs, rounds }: Shape): Promise<number> {
  const message = Buffer.alloc(bytes, 1);
  const exchanges = carrier.begin(runs);
  const start = performance.now();
  await Promise.all(
    exchanges.map(async (exchange) => {
      for (let round = 0; round < rounds; round++) await exchange(message);
    }),
  );
  return performance.now() - start;
}

const settings = readEnvironment(SETTINGS, process.env);
const identity = readPartyIdentity(settings);
const carriers = {
  tls: await TlsCarrier.open(identity, settings.BENCH_LINKS),
  grpc: await GrpcCarrier.open(identity, settings.BENCH_GRPC),
};
const times: ShapeTime[] = [];
for (let repetition = 0; repetition < REPETITIONS; repetition++) {
  for (const [shape, description] of SHAPES.entries()) {
    for (const carrier of ['tls', 'grpc'] as const) {
      times.push({ carrier, shape, milliseconds: await timeOf(carriers[carrier], description) });
    }
  }
}
process.stdout.write(`${JSON.stringify(times)}\n`);
// The others may be at their last messages still.
process.stdin.resume().once('end', () => {
  void Promise.all(Object.values(carriers).map((carrier) => carrier.close())).then(() => process.exit());
});
