/** What a service tells those who watch it: metrics, and whether it does its whole work. */
import { Registry } from 'prom-client';
import { EventLoopWatch } from './event-loop-metrics.js';
import { MonitoringServer, type FurtherPaths, type Reach } from './monitoring-server.js';
import { showProcess } from './process-metrics.js';

/** The metrics and the readiness of one service, and the port that shows them, if it has one. */
export class Monitoring {
  readonly registry = new Registry();
  /** Why the service does not do its whole work; undefined while it does. */
  notReady: string | undefined = 'starting';
  /** Answers paths beside those that every service has. */
  further: FurtherPaths = () => undefined;
  private server: MonitoringServer | undefined;
  private eventLoop: EventLoopWatch | undefined;

  /**
   * @param address HOST:PORT to show it at, or undefined for nowhere
   * @throws MisconfiguredError when the address cannot be had
   */
  static async start(address: string | undefined): Promise<Monitoring> {
    const monitoring = new Monitoring();
    if (address !== undefined) {
      const { registry } = monitoring;
      showProcess(registry, () => monitoring.notReady === undefined);
      monitoring.server = await MonitoringServer.start({
        address,
        registry,
        notReady: () => monitoring.notReady,
        further: (path, reach) => monitoring.further(path, reach),
      });
      monitoring.eventLoop = new EventLoopWatch(registry);
    }
    return monitoring;
  }

  /** Where it is shown; undefined when nowhere. */
  get port(): number | undefined {
    return this.server?.port;
  }

  /** Who may reach it; undefined when it is shown nowhere. */
  get reach(): Reach | undefined {
    return this.server?.reach;
  }

  async close(): Promise<void> {
    this.eventLoop?.close();
    await this.server?.close();
  }
}
