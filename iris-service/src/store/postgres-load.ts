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
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { MisconfiguredError, UnavailableError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';
import { COPIED_ROW_BYTES, RowState, type CopiedRows, type IrisEngine } from '@irispair/native/engine-types';
import type { LoadObserver } from './iris-store.js';
import { IRIS_COLUMNS } from './postgres-rows.js';

const READERS = 4;
/** About 100 MB. */
const IDS_A_RANGE = 16_384;
const HIGHEST_SERIAL_ID = 0xffff_ffff;
/** A server that is away longer is given up: the service is started again by whoever runs it. */
const MOST_FRUITLESS_ATTEMPTS = 20;
const FIRST_RETRY_MILLISECONDS = 100;
const LONGEST_RETRY_MILLISECONDS = 2_000;

/** What is loaded, and where to. */
export interface TableLoad {
  readonly address: PostgresAddress;
  readonly skipBadRows: boolean;
  readonly logger: Logger;
  readonly engine: IrisEngine;
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
  readonly client: Client;
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
    const readers = Array.from({ length: READERS }, () =>
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
    await held?.client.end();
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
    this.snapshot ??= this.openSnapshot().catch((error: unknown) => {
      this.snapshot = undefined;
      throw error;
    });
    return this.snapshot;
  }

  private async openSnapshot(): Promise<Snapshot> {
    const client = await this.connect(() => {
      this.snapshot = undefined;
    });
    try {
      return await this.readSnapshot(client);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  private async readSnapshot(client: Client): Promise<Snapshot> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ snapshot: string; lowest: number; highest: number }>(
      `SELECT pg_export_snapshot() AS snapshot, coalesce(min(id), 1)::float8 AS lowest,
         coalesce(max(id), 0)::float8 AS highest FROM irises`,
    );
    const [{ snapshot, lowest, highest }] = rows;
    if (lowest < 1) this.refuse(`row ${lowest}: id is below 1`);
    if (highest > HIGHEST_SERIAL_ID) this.refuse(`row ${highest}: id is above ${HIGHEST_SERIAL_ID}`);
    const deletions = await client.query<{ id: number }>('SELECT id::float8 AS id FROM irispair.deletions');
    return { client, id: snapshot, highest, deletions: new Set(deletions.rows.map(({ id }) => id)) };
  }

  private async connect(lost: () => void): Promise<Client> {
    // A range takes as long as it takes: the connection's keep-alive tells whether the server is there.
    const client = new Client({ ...this.load.address.config, statement_timeout: 0 });
    client.on('error', lost);
    await client.connect();
    return client;
  }

  private async copyRange(range: Range): Promise<void> {
    const { engine } = this.load;
    const { id, deletions } = await this.takeSnapshot();
    const client = await this.connect(() => undefined);
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(`SET TRANSACTION SNAPSHOT '${id}'`).catch((error: unknown) => {
        // It went with the connection that held it.
        this.snapshot = undefined;
        throw new UnavailableError('the snapshot is gone', { cause: error });
      });
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
    } finally {
      await client.end();
    }
    if (range.next < range.end) this.skipGap(range, range.end);
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
        this.skipRow(
          serial,
          version,
          'left_code has 0 bytes, expected 1600, and the id is not in irispair.deletions',
        );
      }
      observer.loaded(serial, version, state !== RowState.Live);
      range.next = serial + 1;
    }
  }

  private skipRow(serial: number, version: number, problem: string): void {
    if (!this.load.skipBadRows) this.refuse(`row ${serial}: ${problem}`);
    this.load.engine.loadDeleted(serial, version);
    this.load.logger.warn({ serialId: serial, problem }, 'a bad row of the table irises is skipped');
  }

  /** No rows from `range.next` up to, not including, `end`. */
  private skipGap(range: Range, end: number): void {
    const { skipBadRows, engine, observer, logger } = this.load;
    const [first, last] = [range.next, end - 1];
    const gap = first === last ? `no row has id ${first}` : `no rows have ids ${first} to ${last}`;
    if (!skipBadRows) this.refuse(`${gap}, ids must follow each other from 1`);
    logger.warn({ first, last }, 'ids are missing in the table irises and count as deleted');
    for (let serial = first; serial <= last; serial++) {
      engine.loadDeleted(serial, 0);
      observer.loaded(serial, 0, true);
    }
    range.next = end;
  }

  private refuse(problem: string): never {
    throw new MisconfiguredError(
      `the table irises of ${this.load.address.name}: ${problem}: correct it, or load the rest with ` +
        'IRISPAIR_SKIP_BAD_ROWS=1 or --skip-bad-rows',
    );
  }
}
