/** What a service tells those who watch it: metrics, and whether it does its whole work. */
import type { MonitoringSettings } from '../config/monitoring-settings.js';
import { Registry } from 'prom-client';
import type { Logger } from '../log/logger.js';
import { ConnectionMetrics } from './connection-metrics.js';
import { EventLoopWatch } from './event-loop-metrics.js';
import { MonitoringServer, type FurtherPaths, type Reach } from './monitoring-server.js';
import { ProbeServer } from './probe-server.js';
import { showProcess } from './process-metrics.js';

/** The metrics and the readiness of one service, and the ports that show them, if it has any. */
export class Monitoring {
  readonly registry = new Registry();
  readonly connections = new ConnectionMetrics(this.registry);
  /** Answers paths beside those that every service has. */
  further: FurtherPaths = () => undefined;
  private reason: string | undefined = 'starting';
  private server: MonitoringServer | undefined;
  private probes: ProbeServer | undefined;
  private eventLoop: EventLoopWatch | undefined;

  /**
   * @param logger told of refused connections
   * @throws MisconfiguredError when an address cannot be had
   */
  static async start(settings: MonitoringSettings, logger?: Logger): Promise<Monitoring> {
    const monitoring = new Monitoring();
    try {
      await monitoring.listen(settings, logger);
      return monitoring;
    } catch (error) {
      await monitoring.close();
      throw error;
    }
  }

  /** Why the service does not do its whole work; undefined while it does. */
  get notReady(): string | undefined {
    return this.reason;
  }

  set notReady(reason: string | undefined) {
    this.reason = reason;
    if (this.probes !== undefined) this.probes.ready = reason === undefined;
  }

  /** Where metrics are shown; undefined when nowhere. */
  get port(): number | undefined {
    return this.server?.port;
  }

  /** Where probes are answered; undefined when nowhere. */
  get probePort(): number | undefined {
    return this.probes?.port;
  }

  /** Who may reach what is shown; undefined when it is shown nowhere. */
  get reach(): Reach | undefined {
    return this.server?.reach;
  }

  async close(): Promise<void> {
    this.eventLoop?.close();
    this.probes?.close();
    await this.server?.close();
  }

  private async listen(
    { IRISPAIR_HTTP_LISTEN: address, IRISPAIR_PROBE_LISTEN: probes }: MonitoringSettings,
    logger: Logger | undefined,
  ): Promise<void> {
    if (probes !== undefined) {
      this.probes = await ProbeServer.start(probes, logger);
      this.connections.add('probe', this.probes.guard);
    }
    if (address === undefined) return;
    const { registry } = this;
    showProcess(registry, () => this.notReady === undefined);
    this.server = await MonitoringServer.start({
      address,
      registry,
      notReady: () => this.notReady,
      further: (path, reach) => this.further(path, reach),
      logger,
    });
    this.connections.add('http', this.server.guard);
    this.eventLoop = new EventLoopWatch(registry);
  }
}
