/**
 * The graph in PostgreSQL, in a schema of its own: what it says of itself, nodes, rows.
 *
 * 1. The owner holds the schema's lock and works over the connection that holds it.
 * 2. Nodes and rows are read page by page in the order of their keys, so that reading goes on after a lost connection.
 * 3. A save is one transaction of a few statements, however much changed: the rows travel as one array of bytes with
 *    their places in it.
 * 4. Whoever opens the store draws an owner's mark, and every save is counted. An owner whose connection was lost goes
 *    on only where it finds its mark and no fewer saves: what another service changed, or what a server lost, must be
 *    read anew.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import type { Logger } from '@irispair/common/log/logger';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { isAway } from '@irispair/common/postgres/failure';
import { migrate } from '@irispair/common/postgres/migrate';
import { OwnershipLostError, PostgresOwner } from '@irispair/common/postgres/ownership';
import { Turns } from '@irispair/common/process/turns';
import { NodeState } from '../graph/graph-node.js';
import {
  PLAIN_HOLDER,
  type GraphStore,
  type GraphStoreHolder,
  type GraphStoreIdentity,
  type IrisPoint,
  type StoredNode,
  type StoredRow,
} from './graph-store.js';
import { checkIdentity, newIdentity } from './identity.js';

const SCHEMA = 'irispair_graph';
const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const NODES_A_PAGE = 50_000;
const ROWS_A_PAGE = 5_000;
const NODES_A_STATEMENT = 50_000;
const BYTES_A_STATEMENT = 8 << 20;
const LENGTH_BYTES = 4;
const MOST_TRIES = 5;

interface IdentityRow {
  readonly mode: 'plain' | 'shared';
  readonly party: number | null;
  readonly format_version: number;
  readonly layer_key: string;
  readonly row_limit: number;
  readonly owner: string;
  /** A bigint. */
  readonly saves: string;
  readonly iris_store_id: string | null;
  /** A bigint. */
  readonly iris_commit_count: string | null;
}

interface NodeRow {
  /** A bigint. */
  readonly serial_id: string;
  readonly state: number;
  readonly version: number;
  readonly layer: number;
}

interface RowRow {
  readonly side: number;
  readonly layer: number;
  /** A bigint. */
  readonly serial_id: string;
  readonly neighbours: Buffer;
}

/** A graph store in a database. */
export class PostgresGraphStore implements GraphStore {
  private readonly turns = new Turns();

  private constructor(
    readonly place: string,
    private readonly owner: PostgresOwner,
    private readonly mark: OwnersMark,
  ) {}

  /**
   * Opens or makes the store. A new one draws its own layer key.
   * @throws MisconfiguredError when another service owns it, when it holds something else, or when a right is missing
   * @throws UnavailableError when the server is away
   */
  static async open(
    address: PostgresAddress,
    rowLimit: number,
    logger: Logger,
    holder: GraphStoreHolder = PLAIN_HOLDER,
  ): Promise<PostgresGraphStore> {
    const mark = new OwnersMark(address, rowLimit, holder);
    const owner = await PostgresOwner.take({
      address,
      schema: SCHEMA,
      logger,
      begin: (client) => mark.begin(client),
    });
    return new PostgresGraphStore(address.name, owner, mark);
  }

  get identity(): GraphStoreIdentity {
    return this.mark.identity;
  }

  async *nodes(): AsyncGenerator<StoredNode> {
    let last = 0;
    for (;;) {
      const after = last;
      const page = await this.read(async (client) => {
        const { rows } = await client.query<NodeRow>(
          `SELECT serial_id, state, version, layer FROM ${SCHEMA}.nodes WHERE serial_id > $1
           ORDER BY serial_id LIMIT ${NODES_A_PAGE}`,
          [after],
        );
        return rows.map(nodeOf);
      });
      yield* page;
      if (page.length < NODES_A_PAGE) return;
      last = page[page.length - 1].serialId;
    }
  }

  async *rows(): AsyncGenerator<StoredRow> {
    let last: readonly [side: number, layer: number, serial: number] = [-1, 0, 0];
    for (;;) {
      const after = last;
      const page = await this.read(async (client) => {
        const { rows } = await client.query<RowRow>(
          `SELECT side, layer, serial_id, neighbours FROM ${SCHEMA}.rows
           WHERE (side, layer, serial_id) > ($1::smallint, $2::smallint, $3::bigint)
           ORDER BY side, layer, serial_id LIMIT ${ROWS_A_PAGE}`,
          [...after],
        );
        return rows.map(rowOf);
      });
      yield* page;
      if (page.length < ROWS_A_PAGE) return;
      const { side, layer, serialId: serial } = page[page.length - 1];
      last = [side, layer, serial];
    }
  }

  async save(nodes: readonly StoredNode[], rows: readonly StoredRow[], irises?: IrisPoint): Promise<void> {
    const nodeParts = partsOfNodes(nodes);
    const rowParts = partsOfRows(rows);
    await this.change(irises, async (client) => {
      for (const part of nodeParts) await saveNodes(client, part);
      for (const part of rowParts) await saveRows(client, part);
    });
  }

  async clear(irises: IrisPoint): Promise<void> {
    await this.change(irises, async (client) => {
      await client.query(`TRUNCATE ${SCHEMA}.nodes, ${SCHEMA}.rows`);
    });
  }

  private async change(
    irises: IrisPoint | undefined,
    work: (client: Client) => Promise<void>,
  ): Promise<void> {
    await this.turns.take(() =>
      this.owner.run((client) =>
        inTransaction(client, async () => {
          await work(client);
          await this.mark.count(client, irises);
        }),
      ),
    );
    this.mark.counted(irises);
  }

  async takeLayerKey(layerKey: string): Promise<void> {
    await this.turns.take(() =>
      this.owner.run((client) => client.query(`UPDATE ${SCHEMA}.identity SET layer_key = $1`, [layerKey])),
    );
    this.mark.takeLayerKey(layerKey);
  }

  /** A save that has not ended yet is cut off: its server may be silent for long. */
  async close(): Promise<void> {
    await this.owner.close();
  }

  /** Reads a page, again when the connection got lost. */
  private async read<Page>(work: (client: Client) => Promise<Page>): Promise<Page> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.turns.take(() => this.owner.run(work));
      } catch (error) {
        if (!isAway(error) || tries === MOST_TRIES) throw error;
        await this.owner.back();
      }
    }
  }
}

/** What the store says of itself, and whose it is. */
class OwnersMark {
  private readonly mark = randomUUID();
  private found: GraphStoreIdentity | undefined;
  private saves = 0;

  constructor(
    private readonly address: PostgresAddress,
    private readonly rowLimit: number,
    private readonly holder: GraphStoreHolder,
  ) {}

  get identity(): GraphStoreIdentity {
    if (this.found === undefined) throw new Error('the store is not open yet');
    return this.found;
  }

  /** Begins on a connection that holds the lock. */
  async begin(client: Client): Promise<void> {
    // What is saved must stay saved, or the rows kept in memory would no longer tell what is missing.
    await client.query('SET synchronous_commit = on');
    if (this.found === undefined) await this.take(client);
    else await this.check(client);
  }

  /** Part of a save's transaction. @throws OwnershipLostError when another service has opened the store */
  async count(client: Client, irises: IrisPoint | undefined): Promise<void> {
    const counted = await client.query(
      `UPDATE ${SCHEMA}.identity SET saves = saves + 1, iris_store_id = coalesce($2, iris_store_id),
         iris_commit_count = coalesce($3, iris_commit_count) WHERE owner = $1`,
      [this.mark, irises?.storeId, irises?.commitCount],
    );
    if (counted.rowCount === 1) return;
    throw new OwnershipLostError(
      `the graph store in ${this.address.name} was opened by another service: restart this service, it catches up ` +
        'with what is missing',
    );
  }

  /** The transaction was committed. */
  counted(irises: IrisPoint | undefined): void {
    this.saves += 1;
    if (irises !== undefined) this.found = { ...this.identity, irises };
  }

  takeLayerKey(layerKey: string): void {
    this.found = { ...this.identity, layerKey };
  }

  private async take(client: Client): Promise<void> {
    await migrate(this.address, { schema: SCHEMA, directory: MIGRATIONS });
    const identity = newIdentity(this.rowLimit, this.holder);
    await client.query(
      `INSERT INTO ${SCHEMA}.identity (mode, party, format_version, layer_key, row_limit, owner)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [
        identity.mode,
        identity.party ?? null,
        identity.formatVersion,
        identity.layerKey,
        identity.rowLimit,
        this.mark,
      ],
    );
    const row = await this.read(client);
    const found = identityOf(row);
    checkIdentity(this.address.name, found, this.rowLimit, this.holder);
    await client.query(`UPDATE ${SCHEMA}.identity SET owner = $1`, [this.mark]);
    this.saves = Number(row.saves);
    this.found = found;
  }

  private async check(client: Client): Promise<void> {
    const { owner, saves } = await this.read(client);
    // A save whose end was not heard of may have been counted: saving it again does no harm.
    if (owner === this.mark && Number(saves) >= this.saves) {
      this.saves = Number(saves);
      return;
    }
    throw new OwnershipLostError(
      `the graph store in ${this.address.name} was ${owner === this.mark ? 'set back' : 'opened by another service'} ` +
        'while the connection was lost: restart this service, it catches up with what is missing',
    );
  }

  private async read(client: Client): Promise<IdentityRow> {
    const { rows } = await client.query<IdentityRow>(
      `SELECT mode, party, format_version, layer_key, row_limit, owner, saves, iris_store_id, iris_commit_count
       FROM ${SCHEMA}.identity`,
    );
    if (rows.length === 0) {
      throw new OwnershipLostError(
        `the graph store in ${this.address.name} was removed: restart this service`,
      );
    }
    return rows[0];
  }
}

function identityOf(row: IdentityRow): GraphStoreIdentity {
  const { mode, party, iris_store_id: storeId } = row;
  const irises = storeId === null ? undefined : { storeId, commitCount: Number(row.iris_commit_count) };
  return {
    mode,
    ...(party === null ? {} : { party }),
    formatVersion: row.format_version,
    layerKey: row.layer_key,
    rowLimit: row.row_limit,
    ...(irises === undefined ? {} : { irises }),
  };
}

const STATES: readonly NodeState[] = [NodeState.Unknown, NodeState.Live, NodeState.Deleted];

function nodeOf({ serial_id, state, version: count, layer }: NodeRow): StoredNode {
  return {
    serialId: serialId(Number(serial_id)),
    state: STATES[state] ?? NodeState.Unknown,
    version: version(count),
    layer,
  };
}

function rowOf({ side, layer, serial_id, neighbours }: RowRow): StoredRow {
  return {
    side: side === 0 ? Side.Left : Side.Right,
    layer,
    serialId: serialId(Number(serial_id)),
    neighbours: new Uint32Array(Uint8Array.from(neighbours).buffer),
  };
}

/** Nodes of one statement; of two with one key the later counts. */
function partsOfNodes(nodes: readonly StoredNode[]): StoredNode[][] {
  const last = [...new Map(nodes.map((node) => [node.serialId, node])).values()];
  const parts: StoredNode[][] = [];
  for (let first = 0; first < last.length; first += NODES_A_STATEMENT) {
    parts.push(last.slice(first, first + NODES_A_STATEMENT));
  }
  return parts;
}

/** Rows of one statement, with the bytes of each. */
interface RowsPart {
  readonly rows: StoredRow[];
  readonly bytes: Buffer[];
  size: number;
}

function partsOfRows(rows: readonly StoredRow[]): RowsPart[] {
  const last = [...new Map(rows.map((row) => [`${row.side}/${row.layer}/${row.serialId}`, row])).values()];
  const parts: RowsPart[] = [];
  for (const row of last) {
    const { buffer, byteOffset, byteLength } = row.neighbours;
    let part = parts.at(-1);
    if (part === undefined || part.size >= BYTES_A_STATEMENT) {
      part = { rows: [], bytes: [], size: 0 };
      parts.push(part);
    }
    part.rows.push(row);
    part.bytes.push(Buffer.from(buffer, byteOffset, byteLength));
    part.size += byteLength + LENGTH_BYTES;
  }
  return parts;
}

async function saveNodes(client: Client, nodes: readonly StoredNode[]): Promise<void> {
  await client.query(
    `INSERT INTO ${SCHEMA}.nodes (serial_id, state, version, layer)
     SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::smallint[])
     ON CONFLICT (serial_id) DO UPDATE
     SET state = excluded.state, version = excluded.version, layer = excluded.layer`,
    [
      nodes.map((node) => node.serialId),
      nodes.map((node) => node.state),
      nodes.map((node) => node.version),
      nodes.map((node) => node.layer),
    ],
  );
}

async function saveRows(client: Client, { rows, bytes }: RowsPart): Promise<void> {
  // The first byte has place 1.
  let next = 1;
  const places = bytes.map(({ byteLength }) => {
    const place = next;
    next += byteLength;
    return place;
  });
  await client.query(
    `INSERT INTO ${SCHEMA}.rows (side, layer, serial_id, neighbours)
     SELECT side, layer, serial_id, substring($1::bytea FROM place FOR length)
     FROM unnest($2::smallint[], $3::smallint[], $4::bigint[], $5::integer[], $6::integer[])
       AS changed (side, layer, serial_id, place, length)
     ON CONFLICT (side, layer, serial_id) DO UPDATE SET neighbours = excluded.neighbours`,
    [
      Buffer.concat(bytes),
      rows.map((row) => row.side),
      rows.map((row) => row.layer),
      rows.map((row) => row.serialId),
      places,
      bytes.map(({ byteLength }) => byteLength),
    ],
  );
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await undo(client, error);
    throw error;
  }
}

/** A connection that is gone undoes by itself; why the work failed counts. */
async function undo(client: Client, reason: unknown): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch (error) {
    throw new AggregateError([reason, error], 'the save failed, and undoing it too', { cause: error });
  }
}
