/**
 * The public API of three parties in secret-shared mode.
 *
 * 1. Check the capture, which no party can: they see shares.
 * 2. Share it afresh, one share a party, under one request id.
 * 3. Ask all three; their answers must be alike.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { addAbortSignal, PassThrough } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { IrisPairError } from '@irispair/common/errors/errors';
import { isServiceError, toStatus } from '@irispair/common/grpc/status';
import type { MaskRule } from '@irispair/common/iris/masks';
import { PARTIES, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { GatheredAnswers } from './gathered-answers.js';
import { ofEachParty } from './of-each-party.js';
import { PairClient } from './pair-client.js';
import { agreedAnswer, allAnswers, PartiesError, type PartyOutcome } from './party-outcomes.js';
import type { PublicClient } from './public-client.js';
import { recombinedAnswer } from './recombined-answer.js';
import { sharedBulkRequest, withShares } from './shared-requests.js';

/** Bulk requests written ahead of a party that reads more slowly. */
const REQUESTS_AHEAD = 16;

/** Connections to the graph services of all three parties. */
export class PartiesClient implements PublicClient {
  private readonly clients: OfEachParty<PairClient>;
  private readonly names: OfEachParty<string>;

  /**
   * @param addresses HOST:PORT of each party's graph service, party 0 first
   * @param masks what is done about masks whose real and imaginary parts differ: no party could see that
   */
  constructor(
    addresses: OfEachParty<string>,
    private readonly masks: MaskRule = 'combine',
  ) {
    this.clients = ofEachParty((party) => new PairClient(addresses[party]));
    this.names = ofEachParty((party) => `party ${party} (${addresses[party]})`);
  }

  /**
   * Sees that each address is that party's.
   * @throws PartiesError naming the party that is away, or is another or none
   */
  async check(): Promise<void> {
    const statuses = await this.statuses();
    const wrong = PARTIES.flatMap((place) => {
      const { party } = statuses[place];
      if (party === place) return [];
      return [`${this.names[place]} is ${party === undefined ? 'a pair in plain mode' : `party ${party}`}`];
    });
    if (wrong.length === 0) return;
    throw new PartiesError(
      status.FAILED_PRECONDITION,
      `--parties: ${wrong.join(', ')}: give the addresses of parties 0, 1 and 2 in this order`,
    );
  }

  async isReady(): Promise<boolean> {
    return (await this.statuses()).every(({ ready }) => ready);
  }

  /** How each party is. @throws PartiesError */
  async statuses(): Promise<OfEachParty<api.StatusResponse>> {
    return allAnswers(await this.ask((client) => client.status()), this.names);
  }

  async enroll(request: api.EnrollRequest): Promise<api.EnrollResponse> {
    const shared = withShares(request, this.masks);
    return this.agreed((client, party) => client.enroll(shared[party]));
  }

  async search(request: api.SearchRequest): Promise<api.SearchResponse> {
    const shared = withShares(request, this.masks);
    return this.agreed((client, party) => client.search(shared[party]));
  }

  async verify(request: api.VerifyRequest): Promise<api.VerifyResponse> {
    const shared = withShares(request, this.masks);
    return this.agreed((client, party) => client.verify(shared[party]));
  }

  async reauthenticate(request: api.ReauthenticateRequest): Promise<api.ReauthenticateResponse> {
    const shared = withShares(request, this.masks);
    return this.agreed((client, party) => client.reauthenticate(shared[party]));
  }

  async delete(serialId: number): Promise<api.DeleteResponse> {
    const requestId = randomUUID();
    return this.agreed((client) => client.delete(serialId, requestId));
  }

  async getIris(serialId: number): Promise<api.GetIrisResponse> {
    const answers = allAnswers(await this.ask((client) => client.getIris(serialId)), this.names);
    return recombinedAnswer(answers, this.names);
  }

  async process(
    requests: Iterable<api.ProcessRequest> | AsyncIterable<api.ProcessRequest>,
    answered: (response: api.ProcessResponse) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const giveUp = new AbortController();
    signal?.addEventListener('abort', () => {
      giveUp.abort();
    });
    const feeds = ofEachParty(() => {
      const feed = new PassThrough({ objectMode: true, highWaterMark: REQUESTS_AHEAD });
      // Who reads from it is told; nobody else needs to be.
      feed.on('error', () => undefined);
      return addAbortSignal(giveUp.signal, feed);
    });
    const gathered = new GatheredAnswers(this.names, answered);
    const work = [
      feedAll(requests, feeds, { masks: this.masks, answered, signal: giveUp.signal }),
      ...ofEachParty((party) => this.processOne(party, feeds[party], gathered, giveUp.signal)),
    ];
    try {
      await Promise.all(work);
    } catch (error) {
      giveUp.abort();
      await Promise.allSettled(work);
      throw error;
    }
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private async processOne(
    party: PartyIndex,
    feed: PassThrough,
    gathered: GatheredAnswers,
    giveUp: AbortSignal,
  ): Promise<void> {
    try {
      const requests = feed as AsyncIterable<api.ProcessRequest>;
      await this.clients[party].process(
        requests,
        (response) => {
          gathered.add(party, response);
        },
        giveUp,
      );
    } catch (error) {
      if (!isServiceError(error)) throw error;
      throw new PartiesError(error.code, `${this.names[party]}: ${error.details}`);
    }
  }

  private async agreed<Answer extends object>(
    call: (client: PairClient, party: PartyIndex) => Promise<Answer>,
  ): Promise<Answer> {
    return agreedAnswer(await this.ask(call), this.names);
  }

  private async ask<Answer>(
    call: (client: PairClient, party: PartyIndex) => Promise<Answer>,
  ): Promise<OfEachParty<PartyOutcome<Answer>>> {
    const [first, second, third] = ofEachParty((party) => outcomeOf(call(this.clients[party], party)));
    return Promise.all([first, second, third]);
  }
}

async function outcomeOf<Answer>(call: Promise<Answer>): Promise<PartyOutcome<Answer>> {
  try {
    return { answer: await call };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return { code: error.code, problem: error.details };
  }
}

interface FeedTerms {
  readonly masks: MaskRule;
  readonly answered: (response: api.ProcessResponse) => void;
  readonly signal: AbortSignal;
}

/** Gives every party its part of each request. A capture that cannot be shared is answered here. */
async function feedAll(
  requests: Iterable<api.ProcessRequest> | AsyncIterable<api.ProcessRequest>,
  feeds: OfEachParty<PassThrough>,
  { masks, answered, signal }: FeedTerms,
): Promise<void> {
  for await (const request of requests) {
    const shared = sharedOrRefused(request, masks);
    if ('refused' in shared) {
      answered(shared.refused);
      continue;
    }
    const full = PARTIES.filter((party) => !feeds[party].write(shared.requests[party]));
    await Promise.all(full.map((party) => once(feeds[party], 'drain', { signal })));
  }
  for (const feed of feeds) feed.end();
}

type Shared =
  { readonly requests: OfEachParty<api.ProcessRequest> } | { readonly refused: api.ProcessResponse };

function sharedOrRefused(request: api.ProcessRequest, masks: MaskRule): Shared {
  try {
    return { requests: sharedBulkRequest(request, masks) };
  } catch (error) {
    if (!(error instanceof IrisPairError)) throw error;
    const { code, details } = toStatus(error);
    const value = { code, message: details };
    return { refused: { requestId: request.requestId, response: { $case: 'error', value } } };
  }
}
