/**
 * Copies a table of irises into the arenas.
 *
 * 1. One connection holds a snapshot, which all that read take: together they see one state of the table.
 * 2. Readers take ranges of ids and have them streamed (COPY, binary); the engine decodes the bytes where they are to lie.
 * 3. A reader whose connection is lost goes on behind the last whole row.
 *
 * Ids follow each other from 1, and every row holds an iris or is deleted. Otherwise the table is refused; or what is bad
 * is skipped and logged, and counts as deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { UnavailableError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';
import { withConnection } from '@irispair/common/postgres/pool';
import { COPIED_ROW_BYTES, RowState, type CopiedRows, type EngineCore } from '@irispair/native/engine-types';
import { unlistedDeletion, type BadRows } from './bad-rows.js';
import type { LoadObserver } from './iris-store.js';
import { IRIS_COLUMNS } from './postgres-rows.js';
import type { RecordForm } from './record-form.js';
import { checkBounds } from './table-bounds.js';

/** About 100 MB. */
const IDS_A_RANGE = 16_384;
/** A server that is away longer is given up: the service is started again by whoever runs it. */
const MOST_FRUITLESS_ATTEMPTS = 20;
const FIRST_RETRY_MILLISECONDS = 100;
const LONGEST_RETRY_MILLISECONDS = 2_000;

/** What the server says of a snapshot that went with the connection which held it, by version. */
const SNAPSHOT_GONE = new Set(['22023', '42704']);

/** What is loaded, and where to. */
export interface TableLoad {
  readonly address: PostgresAddress;
  /** Room for the readers and for one more connection, which holds the snapshot. */
  readonly pool: Pool;
  /** Connections that read. */
  readonly readers: number;
  readonly badRows: BadRows;
  readonly form: RecordForm;
  readonly logger: Logger;
  readonly engine: EngineCore;
  readonly observer: LoadObserver;
}

/** Ids still to be read: from `next` up to, not including, `end`. */
interface Range {
  readonly key: number;
  next: number;
  readonly end: number;
}

/** A state of the table that connections may share while `client` is connected. */
interface Snapshot {
  /** Gives up the connection that holds it. */
  readonly release: () => void;
  readonly id: string;
  readonly highest: number;
  readonly deletions: ReadonlySet<number>;
}

/** @throws MisconfiguredError naming the row; UnavailableError when the server stays away */
export async function loadTable(load: TableLoad): Promise<void> {
  const loader = new TableLoader(load);
  try {
    await loader.run();
  } catch (error) {
    throw postgresFailure(error, load.address.name);
  } finally {
    await loader.close();
  }
}

class TableLoader {
  private snapshot: Promise<Snapshot> | undefined;
  private failed = false;

  constructor(private readonly load: TableLoad) {}

  async run(): Promise<void> {
    const { highest } = await this.insist(() => this.takeSnapshot());
    this.load.observer.begin(highest);
    const ranges: Range[] = [];
    for (let next = 1; next <= highest; next += IDS_A_RANGE) {
      ranges.push({ key: next, next, end: Math.min(next + IDS_A_RANGE, highest + 1) });
    }
    const read = async (): Promise<void> => {
      for (let range = ranges.shift(); range !== undefined && !this.failed; range = ranges.shift()) {
        await this.readRange(range);
      }
    };
    const readers = Array.from({ length: this.load.readers }, () =>
      read().catch((error: unknown) => {
        this.failed = true;
        throw error;
      }),
    );
    await Promise.allSettled(readers);
    await Promise.all(readers);
  }

  async close(): Promise<void> {
    const held = await this.snapshot?.catch(() => undefined);
    held?.release();
  }

  private async readRange(range: Range): Promise<void> {
    for (let before = range.next; range.next < range.end; before = range.next) {
      await this.insist(
        () => this.copyRange(range),
        () => range.next > before,
      );
    }
    this.load.engine.closeCopy(range.key);
  }

  /** Tries again while the server is away; attempts that got somewhere do not count. */
  private async insist<Result>(
    work: () => Promise<Result>,
    gotOn: () => boolean = () => false,
  ): Promise<Result> {
    const { logger, address } = this.load;
    for (let fruitless = 0; ; fruitless++) {
      try {
        return await work();
      } catch (error) {
        const failure = postgresFailure(error, address.name);
        if (!isAway(failure) || this.failed || fruitless >= MOST_FRUITLESS_ATTEMPTS) throw failure;
        if (gotOn()) fruitless = 0;
        logger.warn({ reason: failure.message }, 'loading irises was interrupted and goes on');
        await sleep(Math.min(FIRST_RETRY_MILLISECONDS * 2 ** fruitless, LONGEST_RETRY_MILLISECONDS));
      }
    }
  }

  /** The snapshot that all share; a new one when the connection that held it is lost. */
  private takeSnapshot(): Promise<Snapshot> {
    if (this.snapshot !== undefined) return this.snapshot;
    const opening = this.openSnapshot(() => {
      // Another may have opened a newer one meanwhile.
      if (this.snapshot === opening) this.snapshot = undefined;
    });
    this.snapshot = opening;
    return opening;
  }

  /** @param forget called when it is no longer to be had */
  private async openSnapshot(forget: () => void): Promise<Snapshot> {
    let client: PoolClient | undefined;
    const release = () => {
      forget();
      // The pool takes a connection back once: it may be lost before, or after, it is given up.
      client?.release(true);
      client = undefined;
    };
    try {
      client = await this.load.pool.connect();
      client.on('error', release);
      return { ...(await this.readSnapshot(client)), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private async readSnapshot(client: PoolClient): Promise<Omit<Snapshot, 'release'>> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    const highest = await checkBounds(client, this.load.badRows);
    const deletions = await client.query<{ id: number }>('SELECT id::float8 AS id FROM irispair.deletions');
    return { id: rows[0].snapshot, highest, deletions: new Set(deletions.rows.map(({ id }) => id)) };
  }

  private async copyRange(range: Range): Promise<void> {
    const snapshot = await this.takeSnapshot();
    await withConnection(this.load.pool, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(`SET TRANSACTION SNAPSHOT '${snapshot.id}'`).catch((error: unknown) => {
        if (!isSnapshotGone(error)) throw error;
        snapshot.release();
        throw new UnavailableError('the snapshot is gone', { cause: error });
      });
      // A range takes as long as it takes: the connection's keep-alive tells whether the server is there.
      await client.query('SET LOCAL statement_timeout = 0');
      await this.copyOver(client, range, snapshot.deletions);
      await client.query('COMMIT');
    });
    if (range.next < range.end) this.skipGap(range, range.end);
  }

  private async copyOver(client: PoolClient, range: Range, deletions: ReadonlySet<number>): Promise<void> {
    const { engine } = this.load;
    // An interrupted copy left half a row behind.
    engine.closeCopy(range.key);
    const copy = client.query(
      copyTo(
        `COPY (SELECT id, version_id, ${IRIS_COLUMNS.join(', ')} FROM irises
           WHERE id >= ${range.next} AND id < ${range.end} ORDER BY id) TO STDOUT (FORMAT binary)`,
      ),
    );
    let ended = false;
    for await (const chunk of copy) {
      const read = engine.loadCopyChunk(range.key, chunk as Buffer);
      this.take(read, range, deletions);
      ended = read.ended;
    }
    if (!ended) throw new Error('connection terminated within a copy');
  }

  private take({ rows, faults }: CopiedRows, range: Range, deletions: ReadonlySet<number>): void {
    const { observer } = this.load;
    let fault = 0;
    for (let offset = 0; offset < rows.byteLength; offset += COPIED_ROW_BYTES) {
      const serial = rows.readUInt32LE(offset);
      const version = rows.readUInt16LE(offset + 4);
      const state = rows.readUInt16LE(offset + 6);
      if (serial > range.next) this.skipGap(range, serial);
      if (state === RowState.Bad) {
        this.skipRow(serial, version, faults[fault].problem);
        fault += 1;
      } else if (state === RowState.Deleted && !deletions.has(serial)) {
        this.skipRow(serial, version, unlistedDeletion(this.load.form));
      }
      observer.loaded(serial, version, state !== RowState.Live);
      range.next = serial + 1;
    }
  }

  private skipRow(serial: number, version: number, problem: string): void {
    this.load.badRows.row(serial, problem);
    this.load.engine.loadDeleted(serial, version);
  }

  /** No rows from `range.next` up to, not including, `end`. */
  private skipGap(range: Range, end: number): void {
    const { badRows, engine, observer } = this.load;
    badRows.gap(range.next, end - 1);
    for (; range.next < end; range.next++) {
      engine.loadDeleted(range.next, 0);
      observer.loaded(range.next, 0, true);
    }
  }
}

function isSnapshotGone(error: unknown): boolean {
  return error instanceof DatabaseError && SNAPSHOT_GONE.has(error.code ?? '');
}
