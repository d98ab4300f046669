/** The links as they are. */
import { EventEmitter, once } from 'node:events';
import { createLogger } from '@irispair/common/log/logger';
import type { OfEachParty } from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { PartyLinks } from '@irispair/iris-service/parties/party-links';
import type { Carrier, Exchange } from './carrier.js';

const NAME_BYTES = 16;

/** Links of the iris services. */
export class TlsCarrier implements Carrier {
  private batches = 0;

  private constructor(private readonly links: PartyLinks) {}

  static async open(identity: PartyIdentity, addresses: OfEachParty<string>): Promise<TlsCarrier> {
    const links = await PartyLinks.open({ identity, addresses, logger: createLogger('iris', 'error') });
    const changes = new EventEmitter();
    links.onAwayChange(() => changes.emit('change'));
    while (links.away !== undefined) await once(changes, 'change');
    return new TlsCarrier(links);
  }

  begin(runs: number): readonly Exchange[] {
    this.batches += 1;
    const name = Buffer.alloc(NAME_BYTES);
    name.writeBigUInt64LE(BigInt(this.batches));
    return Array.from({ length: runs }, (_, step) => {
      const run = this.links.run(name, step);
      return (message) => run.exchange(message, message.byteLength);
    });
  }

  close(): Promise<void> {
    return this.links.close();
  }
}
