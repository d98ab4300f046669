/** Three pairs on loopback in secret-shared mode: for trying it out. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggedProgress } from '@irispair/common/log/progress-log';
import { PARTIES, PARTY_COUNT, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import { makePartyFiles, partySettings } from '@irispair/common/parties/party-files';
import { ofEachParty } from '../client/of-each-party.js';
import { freePorts } from './free-port.js';
import { Pair, type PairOptions, type ServiceName } from './pair.js';

/** Ports of a party: links, agreement, public API, metrics of both services. */
const PORTS = 5;

/** How to run them. */
export interface ThreePartiesOptions {
  /** Holds a directory for each party, and one for their certificates. */
  readonly directory: string;
  /** Further settings of all services. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further settings of each party's services, such as where its stores are. */
  readonly environments?: OfEachParty<Readonly<Record<string, string>>> | undefined;
  /** As of a pair. */
  readonly logged: (party: PartyIndex, service: ServiceName, line: string) => void;
  /** As of a pair. */
  readonly progress?: (party: PartyIndex, progress: LoggedProgress) => void;
  /** As of a pair. */
  readonly died: (party: PartyIndex, service: ServiceName, death: Parameters<PairOptions['died']>[1]) => void;
}

/** Where one party is. */
export interface PartyPlace {
  /** Holds the socket and both stores. */
  readonly directory: string;
  /** HOST:PORT of the public API. */
  readonly listen: string;
  /** HOST:PORT of each service's metrics. */
  readonly http: Readonly<Record<ServiceName, string>>;
  /** What makes its services those of this party. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Running parties. */
export class ThreeParties {
  private constructor(
    readonly places: OfEachParty<PartyPlace>,
    readonly pairs: OfEachParty<Pair>,
  ) {}

  /** Makes certificates, then starts all services. @throws MisconfiguredError */
  static async start(options: ThreePartiesOptions): Promise<ThreeParties> {
    const places = await choosePlaces(options.directory);
    return new ThreeParties(
      places,
      ofEachParty((party) => startParty(party, places[party], options)),
    );
  }

  /** The public addresses, as a client takes them. */
  get addresses(): OfEachParty<string> {
    return ofEachParty((party) => this.places[party].listen);
  }

  /** Resolves when all of them serve. */
  async ready(): Promise<void> {
    await Promise.all(this.pairs.map((pair) => pair.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.pairs.map((pair) => pair.stop()));
  }
}

async function choosePlaces(directory: string): Promise<OfEachParty<PartyPlace>> {
  const certificates = join(directory, 'certificates');
  await mkdir(certificates, { recursive: true, mode: 0o700 });
  await makePartyFiles(certificates);
  const addresses = (await freePorts(PORTS * PARTY_COUNT)).map((port) => `127.0.0.1:${port}`);
  const [links, agreement, listen, graph, iris] = Array.from({ length: PORTS }, (_, use) =>
    ofEachParty((party) => addresses[use * PARTY_COUNT + party]),
  );
  await Promise.all(PARTIES.map((party) => mkdir(join(directory, `party-${party}`), { recursive: true })));
  return ofEachParty((party) => ({
    directory: join(directory, `party-${party}`),
    listen: listen[party],
    http: { graph: graph[party], iris: iris[party] },
    environment: {
      ...partySettings(certificates, party),
      IRISPAIR_PARTIES: links.join(','),
      IRISPAIR_AGREEMENT: agreement.join(','),
    },
  }));
}

function startParty(party: PartyIndex, place: PartyPlace, options: ThreePartiesOptions): Pair {
  return Pair.start({
    directory: place.directory,
    listen: place.listen,
    http: place.http,
    environment: { ...options.environment, ...options.environments?.[party], ...place.environment },
    logged: (service, line) => {
      options.logged(party, service, line);
    },
    progress: (progress) => {
      options.progress?.(party, progress);
    },
    died: (service, death) => {
      options.died(party, service, death);
    },
  });
}
