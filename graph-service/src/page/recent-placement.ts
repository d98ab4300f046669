/**
 * The last placement report, for all viewers of the page together.
 *
 * A report has both services look their pages up. So there is a new one at most every few seconds, fewer when it takes
 * long, and only while somebody asks. Nobody waits for one: until it is there the last one is shown.
 */
import type { Logger } from '@irispair/common/log/logger';
import { nodeMessage } from '@irispair/common/placement/report-message';
import { readTopology } from '@irispair/native/topology';
import type { PlacementResponse } from '@irispair/proto/public';
import { nodeFigures, servicesFigures } from './placement-figures.js';
import type { PlacementFigures } from './snapshot.js';

const LEAST_MILLISECONDS = 3_000;
/** A report that takes long is made less often, down to the longest pause. */
const PAUSE_FACTOR = 10;
const MOST_MILLISECONDS = 15_000;

interface Report {
  readonly response: PlacementResponse;
  readonly before: Report | undefined;
  /** When it was there. */
  readonly at: number;
}

/** Reports that are some seconds old. */
export class RecentPlacement {
  private last: Report | undefined;
  private isAsking = false;
  private nextAt = 0;

  constructor(
    private readonly ask: () => Promise<PlacementResponse>,
    private readonly logger: Logger,
  ) {}

  /** What is known now; asks for more when that is due. */
  read(): PlacementFigures {
    const now = performance.now();
    if (!this.isAsking && now >= this.nextAt) void this.renew();
    if (this.last === undefined) return nothingYet();
    const { response, before, at } = this.last;
    return {
      ageMilliseconds: now - at,
      nodes: response.nodes.map(nodeFigures),
      services: servicesFigures(response, before?.response, before === undefined ? 1 : at - before.at),
      irisAway: response.irisAway,
    };
  }

  private async renew(): Promise<void> {
    this.isAsking = true;
    const started = performance.now();
    try {
      const response = await this.ask();
      const before = this.last === undefined ? undefined : { ...this.last, before: undefined };
      this.last = { response, before, at: performance.now() };
    } catch (error) {
      this.logger.warn({ err: error }, 'the page has no new placement report');
    }
    const took = performance.now() - started;
    // A report without the iris service cost little, however long it waited; the next one may have it.
    const isWhole = this.last?.response.irisAway === '';
    const pause = isWhole ? PAUSE_FACTOR * took : 0;
    this.nextAt = performance.now() + Math.min(Math.max(LEAST_MILLISECONDS, pause), MOST_MILLISECONDS);
    this.isAsking = false;
  }
}

/** The nodes alone, which are read at no cost. */
export function nothingYet(): PlacementFigures {
  return {
    ageMilliseconds: null,
    nodes: readTopology().nodes.map((node) => nodeFigures(nodeMessage(node))),
    services: [],
    irisAway: '',
  };
}
