/** Three real pairs in secret-shared mode in a directory of their own, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import { ofEachParty } from 'irispair/client/of-each-party';
import { isUnavailable, PairClient } from 'irispair/client/pair-client';
import { PartiesClient } from 'irispair/client/parties-client';
import type { ServiceName } from 'irispair/pair/pair';
import { ThreeParties } from 'irispair/pair/three-parties';

const LOG_LINES_TOLD = 20;

/** Running parties with a client of all, and one of each. */
export class ThreePartiesUnderTest {
  private constructor(
    /** Holds a directory for each party; what a test writes beside them goes with it. */
    readonly directory: string,
    readonly parties: ThreeParties,
    readonly client: PartiesClient,
    readonly clients: OfEachParty<PairClient>,
    private readonly logs: OfEachParty<string[]>,
  ) {}

  /** Starts all services and waits until the parties serve. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<ThreePartiesUnderTest> {
    const test = await ThreePartiesUnderTest.launch(environment);
    await test.untilReady();
    return test;
  }

  /**
   * Starts all services, and leaves it to the test whether and when they serve.
   * @param environments further settings of each party's services
   */
  static async launch(
    environment: Readonly<Record<string, string>>,
    environments?: OfEachParty<Readonly<Record<string, string>>>,
  ): Promise<ThreePartiesUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-test-'));
    const logs = ofEachParty((): string[] => []);
    const parties = await ThreeParties.start({
      directory,
      environment: {
        IRIS_STORE_INITIAL_CAPACITY: '200',
        IRISPAIR_ARRIVAL_MILLISECONDS: '3000',
        ...environment,
      },
      environments,
      logged: (party, service, line) => logs[party].push(`[party ${party}, ${service}] ${line}`),
      progress: (party, { task, done, all }) =>
        logs[party].push(`[party ${party}] ${task}: ${done} of ${all}`),
      died: (party, service, { reason }) => logs[party].push(`[party ${party}, ${service}] ended: ${reason}`),
    });
    const clients = ofEachParty((party) => new PairClient(parties.addresses[party], PATIENCE_MILLISECONDS));
    return new ThreePartiesUnderTest(directory, parties, new PartiesClient(parties.addresses), clients, logs);
  }

  /** As `--parties` takes it. */
  get addresses(): string {
    return this.parties.addresses.join(',');
  }

  /** How many are enrolled and the highest serial id, at each party. */
  async held(): Promise<[enrolled: number, highestSerialId: number][]> {
    const statuses = await this.client.statuses();
    return statuses.map(({ enrolled, highestSerialId }) => [enrolled, highestSerialId]);
  }

  /** What the services of all parties have logged. */
  get log(): readonly string[] {
    return this.logs.flat();
  }

  /**
   * Starts a service again that was killed.
   * @param stranger somebody to search for. Resolves when the parties have decided: readiness may be that of before, where
   * not all have missed the one that was gone
   */
  async startAgain(party: PartyIndex, service: ServiceName, stranger: Iris): Promise<void> {
    this.parties.pairs[party].startService(service);
    await this.decideAgain(stranger);
  }

  /** Resolves when the parties have decided on somebody to search for. */
  async decideAgain(stranger: Iris): Promise<void> {
    await until('the parties decide again', async () => {
      try {
        await this.client.search({ iris: irisMessage(stranger), orList: [] });
        return true;
      } catch (error) {
        if (isUnavailable(error)) return false;
        throw error;
      }
    });
  }

  async untilReady(): Promise<void> {
    try {
      await this.parties.ready();
    } catch (error) {
      await this.parties.stop();
      const told = PARTIES.map((party) => this.logs[party].slice(-LOG_LINES_TOLD).join('\n'));
      throw new Error(`${String(error)}\n${told.join('\n')}`, { cause: error });
    }
  }

  /** Stops everything and removes the directory. */
  async stop(): Promise<void> {
    this.client.close();
    for (const client of this.clients) client.close();
    await this.parties.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
