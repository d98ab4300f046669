/** The shape of the population, as the iris service says it when it is joined. */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { COLUMNS, readColumns, type Columns } from '@irispair/common/iris/shape';
import { irisAway } from './iris-link.js';

/** What was said last. */
export class PopulationShape {
  private said: Columns | undefined;

  /** Columns of every code. @throws UnavailableError before the iris service was joined once */
  get columns(): Columns {
    if (this.said === undefined) throw irisAway();
    return this.said;
  }

  /** The same; 0 while nothing is known. */
  get known(): Columns | 0 {
    return this.said ?? 0;
  }

  /** @throws MisconfiguredError for a shape that this version does not know */
  note(said: number): void {
    this.said = readColumns(said);
    if (this.said !== undefined) return;
    throw new MisconfiguredError(
      `the iris service holds codes of ${said} columns, this graph service knows ${COLUMNS.join(' and ')}: run both of one version`,
    );
  }
}
