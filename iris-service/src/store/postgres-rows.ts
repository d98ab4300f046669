/** Rows of the table `irises`: the columns as other tools read them, and back to records. */
import type { SerialId, Version } from '@irispair/common/ids/vector-id';
import type { StoreChange } from './iris-store.js';
import type { IrisColumns, RecordForm } from './record-form.js';

/** The columns in the order of every query here. */
export const IRIS_COLUMNS = ['left_code', 'left_mask', 'right_code', 'right_mask'] as const;

/** The types that the table must have. */
export const COLUMN_TYPES: Readonly<Record<string, string>> = {
  id: 'bigint',
  left_code: 'bytea',
  left_mask: 'bytea',
  right_code: 'bytea',
  right_mask: 'bytea',
  last_modified_at: 'bigint',
  version_id: 'smallint',
};

const VERSIONS = 1 << 16;
const HIGHEST_SMALLINT = 0x7fff;

/** A row to write. A deleted id keeps its row, with empty columns. */
export interface IrisRow {
  readonly id: SerialId;
  readonly columns: IrisColumns;
  readonly versionId: number;
  readonly deleted: boolean;
}

/** A row as read. */
export type ReadRow = {
  readonly id: number;
  readonly version_id: number | null;
} & Readonly<Record<(typeof IRIS_COLUMNS)[number], Buffer | null>>;

/** A smallint has a sign and a version has none: the upper half of the versions is stored below 0. */
export function versionColumn(version: Version): number {
  return version > HIGHEST_SMALLINT ? version - VERSIONS : version;
}

/** The version that a column holds. */
export function versionOfColumn(column: number): number {
  return column < 0 ? column + VERSIONS : column;
}

/** The row of a change. */
export function rowOf(form: RecordForm, { serialId: id, version, record }: StoreChange): IrisRow {
  const versionId = versionColumn(version);
  if (record === null) {
    const empty = new Uint8Array();
    return { id, columns: [empty, empty, empty, empty], versionId, deleted: true };
  }
  return { id, columns: form.columnsOf(record), versionId, deleted: false };
}

/** What a row holds. */
export type RowContent =
  | { readonly kind: 'iris'; readonly record: Buffer }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'bad'; readonly problem: string };

/** Reads a row's columns; the problem names the column. */
export function contentOf(form: RecordForm, row: ReadRow): RowContent {
  if (row.version_id === null) return bad('version_id is null');
  const columns: Buffer[] = [];
  for (const name of IRIS_COLUMNS) {
    const column = row[name];
    if (column === null) return bad(`${name} is null`);
    columns.push(column);
  }
  if (columns.every(({ byteLength }) => byteLength === 0)) return { kind: 'deleted' };
  const wrong = columns.findIndex(({ byteLength }, index) => byteLength !== form.columnBytes[index]);
  if (wrong >= 0) {
    return bad(
      `${IRIS_COLUMNS[wrong]} has ${columns[wrong].byteLength} bytes, expected ${form.columnBytes[wrong]}`,
    );
  }
  const [leftCode, leftMask, rightCode, rightMask] = columns;
  return { kind: 'iris', record: form.recordOf([leftCode, leftMask, rightCode, rightMask]) };
}

function bad(problem: string): RowContent {
  return { kind: 'bad', problem };
}
