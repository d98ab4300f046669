/** A follower, as a process, whose leader does not keep to the rules. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Server } from '@grpc/grpc-js';
import { partyFiles } from '@irispair/common/parties/party-files';
import { readPartyIdentity } from '@irispair/common/parties/party-identity';
import { until } from '@irispair/common/support/until';
import {
  AgreementService,
  type AgreementServer,
  type JoinRequest,
  type JoinResponse,
  type Standing,
} from '@irispair/proto/agreement';
import { ThreeParties } from '../support/three-parties.js';
import { LEADER, leaderCredentials, type LeaderStream } from './wire.js';

const NUMBER = 5;

/** A batch that changes nothing. */
const BATCH: JoinResponse = {
  kind: {
    $case: 'batch',
    value: {
      number: NUMBER,
      work: { $case: 'catchUp', value: { ids: Buffer.alloc(0), done: 0, all: 0 } },
    },
  },
};

describe('a follower', () => {
  it('refuses a batch with a number that was used before, and takes part no more in that term', async () => {
    const house = await ThreeParties.prepare();
    const standings: Standing[] = [];
    let stored = 0;
    const server = await lead(house, (call, { kind }) => {
      if (kind?.$case === 'standing') {
        standings.push(kind.value);
        // When it joins again it is kept waiting.
        if (standings.length === 1) begin(call, kind.value);
      } else if (kind?.$case === 'stored') {
        stored += 1;
        call.write({ kind: { $case: 'settled', value: { batch: NUMBER, failure: '' } } });
        call.write(BATCH);
      }
    });
    const [, follower] = house.parties;
    try {
      await follower.startIris();
      await follower.startGraph();
      await until('it says why it left', async () => {
        const told = await follower.status();
        return told?.ready === false && told.irisAway.includes('used batch number 5 again');
      });
      await until('it joins again', () => standings.length === 2);
      assert.equal(stored, 1);
      assert.deepEqual(
        standings.map(({ lastBatch }) => lastBatch),
        [0, NUMBER],
      );
    } finally {
      server.forceShutdown();
      await house.stop();
    }
  });
});

/** Listens where the leader of the house would. @param hears called with all that a follower says */
async function lead(
  { certificates, agreement }: ThreeParties,
  hears: (call: LeaderStream, request: JoinRequest) => void,
): Promise<Server> {
  const files = partyFiles(certificates.directory, LEADER);
  const identity = readPartyIdentity({
    IRISPAIR_MODE: 'shared',
    IRISPAIR_PARTY: LEADER,
    IRISPAIR_PARTY_CERTIFICATE: files.certificate,
    IRISPAIR_PARTY_KEY: files.key,
    IRISPAIR_PARTY_CERTIFICATES: files.certificates,
  });
  const handlers: Pick<AgreementServer, 'join'> = {
    join: (call) => {
      call.on('data', (request: JoinRequest) => {
        hears(call, request);
      });
    },
  };
  const server = new Server();
  server.addService(AgreementService, handlers);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(agreement.split(',')[0], leaderCredentials(identity), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return server;
}

/** Begins a term with a follower that holds what the leader holds. */
function begin(call: LeaderStream, standing: Standing): void {
  const welcome = { standing, layerKey: randomBytes(32), nonce: randomBytes(16) };
  call.write({ kind: { $case: 'welcome', value: welcome } });
  call.write(BATCH);
}
