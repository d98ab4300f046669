/** Messages of the hop to the engine's terms and back. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { Orientation, Side } from '@irispair/common/iris/side';
import * as native from '@irispair/native/engine-types';
import * as wire from '@irispair/proto/compute';
import type { IrisColumns, RecordForm } from '../store/record-form.js';

/** Side of a message. @throws InvalidInputError when it is not set */
export function readSide(side: wire.Side, field: string): Side {
  if (side === wire.Side.LEFT) return Side.Left;
  if (side === wire.Side.RIGHT) return Side.Right;
  throw new InvalidInputError(field, 'not set: give SIDE_LEFT or SIDE_RIGHT');
}

/** Side for a message. */
export function writeSide(side: Side): wire.Side {
  return side === Side.Left ? wire.Side.LEFT : wire.Side.RIGHT;
}

function readOrientation(orientation: wire.Orientation, field: string): Orientation {
  if (orientation === wire.Orientation.NORMAL) return Orientation.Normal;
  if (orientation === wire.Orientation.MIRROR) return Orientation.Mirror;
  throw new InvalidInputError(field, 'not set: give ORIENTATION_NORMAL or ORIENTATION_MIRROR');
}

/** What a search is opened with; ranges are the engine's to check. @throws InvalidInputError when something is not set */
export function readOpenSearch(open: wire.OpenSearch, field: string): native.OpenSearch {
  return {
    query: readQuery(open.query, field),
    side: readSide(open.side, `${field}.side`),
    orientation: readOrientation(open.orientation, `${field}.orientation`),
    baseRotation: open.baseRotation,
    rotationReach: open.rotationReach,
    ef: open.ef,
    matchLimit: open.matchLimit,
  };
}

function readQuery(query: wire.OpenSearch['query'], field: string): native.OpenSearch['query'] {
  switch (query?.$case) {
    case 'queryHandle':
      return { handle: query.value };
    case 'stored':
      return { storedSerialId: query.value.serialId, storedVersion: query.value.version };
    case undefined:
      throw new InvalidInputError(`${field}.query`, 'not set: give a query_handle or a stored id');
  }
}

/** The columns of a probe, their lengths checked. @throws InvalidInputError naming the field */
export function readProbe(form: RecordForm, probe: wire.Probe, field: string): IrisColumns {
  const [leftCode, leftMask, rightCode, rightMask] = form.columnBytes;
  return [
    ...readEye(form, probe.left, `${field}.left`, leftCode, leftMask),
    ...readEye(form, probe.right, `${field}.right`, rightCode, rightMask),
  ];
}

function readEye(
  form: RecordForm,
  eye: wire.Template | undefined,
  field: string,
  codeBytes: number,
  maskBytes: number,
): [code: Uint8Array, mask: Uint8Array] {
  if (eye === undefined) throw new InvalidInputError(field, 'missing: send both eyes');
  for (const [name, bytes, expected] of [
    ['iris_codes', eye.irisCodes, codeBytes],
    ['mask_codes', eye.maskCodes, maskBytes],
  ] as const) {
    if (bytes.byteLength !== expected) {
      throw new InvalidInputError(
        `${field}.${name}`,
        `${bytes.byteLength} bytes, expected ${expected}: this service is in ${form.mode} mode, send ${form.holds} of ${form.columns} columns`,
      );
    }
  }
  return [eye.irisCodes, eye.maskCodes];
}

/** A stored record for a message. */
export function writeProbe(form: RecordForm, record: Uint8Array): wire.Probe {
  const [leftCode, leftMask, rightCode, rightMask] = form
    .columnsOf(record)
    .map((column) => Buffer.from(column));
  return {
    left: { irisCodes: leftCode, maskCodes: leftMask },
    right: { irisCodes: rightCode, maskCodes: rightMask },
  };
}

const STATUS_OF: Readonly<Record<native.StepOutcome, wire.StepStatus>> = {
  [native.StepOutcome.Ok]: wire.StepStatus.OK,
  [native.StepOutcome.DeadlineExceeded]: wire.StepStatus.DEADLINE_EXCEEDED,
  [native.StepOutcome.UnknownQuery]: wire.StepStatus.UNKNOWN_QUERY,
  [native.StepOutcome.UnknownSearch]: wire.StepStatus.UNKNOWN_SEARCH,
  [native.StepOutcome.Invalid]: wire.StepStatus.INVALID,
  [native.StepOutcome.PartyFailed]: wire.StepStatus.PARTY_FAILED,
};

/** The answer to one step. */
export function writeAnswer(searchId: number, answer: native.StepAnswer): wire.StepAnswer {
  return {
    searchId,
    status: STATUS_OF[answer.outcome],
    entered: Buffer.from(answer.entered.buffer, answer.entered.byteOffset, answer.entered.byteLength),
    matchCount: answer.matchCount,
    neighbourhoodSize: answer.neighbourhoodSize,
    stale: answer.stale,
    distances: Buffer.from(answer.distances.buffer, answer.distances.byteOffset, answer.distances.byteLength),
    detail: answer.detail,
  };
}
