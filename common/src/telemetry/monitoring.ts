/** What a service tells those who watch it: metrics, and whether it does its whole work. */
import { Registry } from 'prom-client';
import { MonitoringServer } from './monitoring-server.js';

/** The metrics and the readiness of one service, and the port that shows them, if it has one. */
export class Monitoring {
  readonly registry = new Registry();
  /** Why the service does not do its whole work; undefined while it does. */
  notReady: string | undefined = 'starting';
  private server: MonitoringServer | undefined;

  /**
   * @param address HOST:PORT to show it at, or undefined for nowhere
   * @throws MisconfiguredError when the address cannot be had
   */
  static async start(address: string | undefined): Promise<Monitoring> {
    const monitoring = new Monitoring();
    if (address !== undefined) {
      const { registry } = monitoring;
      monitoring.server = await MonitoringServer.start({
        address,
        registry,
        notReady: () => monitoring.notReady,
      });
    }
    return monitoring;
  }

  /** Where it is shown; undefined when nowhere. */
  get port(): number | undefined {
    return this.server?.port;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}
