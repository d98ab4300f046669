/** Where both services run and lie: this one's own report, and the iris service's over the hop. */
import { IrisPairError } from '@irispair/common/errors/errors';
import type { MemoryPart } from '@irispair/common/placement/report';
import { nodeMessage, serviceReportMessage } from '@irispair/common/placement/report-message';
import { unknownMemory } from '@irispair/common/placement/memory-count';
import { countMemoryOf } from '@irispair/native/page-count';
import type { ServiceReporter } from '@irispair/native/service-reporter';
import { readTopology } from '@irispair/native/topology';
import type * as placement from '@irispair/proto/placement';
import type * as api from '@irispair/proto/public';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';

/** Reads the placement of the pair. */
export class PlacementReport {
  /** @param irisAway why this service is not joined to the iris service; empty while it is */
  constructor(
    private readonly reporter: ServiceReporter,
    private readonly client: IrisClient,
    private readonly irisAway: () => string,
  ) {}

  async read(): Promise<api.PlacementResponse> {
    const [graph, iris] = await Promise.all([this.reporter.read(true), this.readIris()]);
    return {
      nodes: readTopology().nodes.map(nodeMessage),
      services: [serviceReportMessage(graph), ...(typeof iris === 'string' ? [] : [iris])],
      irisAway: typeof iris === 'string' ? iris : '',
    };
  }

  /** The iris service's report, or why there is none. */
  private async readIris(): Promise<placement.ServiceReport | string> {
    try {
      const { report } = await this.client.placement(true);
      return report ?? 'the iris service answered Placement with nothing';
    } catch (error) {
      if (!(error instanceof IrisPairError)) throw error;
      const reason = this.irisAway();
      return reason === '' ? error.message : `the iris service is away: ${reason}`;
    }
  }
}

/** The graph as a part of the process's memory. */
export function readGraph(index: GraphIndex, countPages: boolean): MemoryPart[] {
  const count = countPages ? countMemoryOf(index.arrays()) : unknownMemory('not asked for');
  return [{ use: 'graph', count, segments: [] }];
}
