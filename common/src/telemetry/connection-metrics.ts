/** The connections of a service's ports. */
import type { Registry } from 'prom-client';
import { readCounter, readGauge } from './read-metrics.js';

/** Who counts the connections of a port. */
export interface CountedConnections {
  readonly connections: number;
  readonly refused: number;
}

/** Shows them by port. */
export class ConnectionMetrics {
  private readonly ports = new Map<string, CountedConnections>();

  constructor(registry: Registry) {
    readGauge(
      registry,
      {
        name: 'irispair_connections',
        help: 'Connections that are open, by port',
        labelNames: ['port'],
      },
      () => this.read(({ connections }) => connections),
    );
    readCounter(
      registry,
      {
        name: 'irispair_connections_refused_total',
        help: 'Connections refused: over the cap of the port, or for want of descriptors',
        labelNames: ['port'],
      },
      () => this.read(({ refused }) => refused),
    );
  }

  /** Shows one more port. @param port such as `api` */
  add(port: string, counted: CountedConnections): void {
    this.ports.set(port, counted);
  }

  private read(figure: (counted: CountedConnections) => number) {
    return Array.from(this.ports, ([port, counted]) => ({ labels: { port }, value: figure(counted) }));
  }
}
