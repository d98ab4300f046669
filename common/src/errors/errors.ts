/**
 * The errors that may reach a client. Each says what was wrong, where, and what to do about it;
 * `common/grpc/status` turns it into a gRPC status by its code.
 */

/** What kind of failure it is. Every kind has one gRPC status. */
export enum ErrorCode {
  InvalidInput = 'INVALID_INPUT',
  NotFound = 'NOT_FOUND',
  AlreadyExists = 'ALREADY_EXISTS',
  Exhausted = 'EXHAUSTED',
  Conflict = 'CONFLICT',
  Unavailable = 'UNAVAILABLE',
  Cancelled = 'CANCELLED',
  DeadlineExceeded = 'DEADLINE_EXCEEDED',
  Misconfigured = 'MISCONFIGURED',
  DataLoss = 'DATA_LOSS',
}

/** What an error may say beside its message. */
export interface IrisPairErrorOptions extends ErrorOptions {
  /** After how long the same call may succeed, milliseconds from 0; not given where nobody knows. Callers are told. */
  readonly retryMilliseconds?: number | undefined;
}

/** Base of all errors that are meant for a client or an operator. */
export abstract class IrisPairError extends Error {
  abstract readonly code: ErrorCode;
  /** After how long the same call may succeed, milliseconds; undefined where nobody knows. */
  readonly retryMilliseconds: number | undefined;

  constructor(message: string, options?: IrisPairErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.retryMilliseconds = options?.retryMilliseconds;
  }
}

/** A field of the input is wrong. */
export class InvalidInputError extends IrisPairError {
  readonly code = ErrorCode.InvalidInput;

  /**
   * @param field path of the field as the client wrote it, such as `iris.left.mask_codes`
   * @param problem what it is, what it must be, and the remedy
   */
  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(`${field}: ${problem}`);
  }
}

/** Nothing is known under this id. */
export class NotFoundError extends IrisPairError {
  readonly code = ErrorCode.NotFound;
}

/** Something else has this name. */
export class AlreadyExistsError extends IrisPairError {
  readonly code = ErrorCode.AlreadyExists;
}

/** The store, the arenas or a queue is full; nothing was changed. */
export class ExhaustedError extends IrisPairError {
  readonly code = ErrorCode.Exhausted;
}

/** What the caller believes is current is not; nothing was changed. */
export class ConflictError extends IrisPairError {
  readonly code = ErrorCode.Conflict;
}

/** A constraint or a trigger of the database refuses what was to be stored; nothing was changed. */
export class RefusedChangeError extends ConflictError {}

/** The other service is away or still loading; the same call may succeed later. */
export class UnavailableError extends IrisPairError {
  readonly code = ErrorCode.Unavailable;
}

/** The database of the store is away; nothing was changed. */
export class StoreAwayError extends UnavailableError {}

/** A party of secret-shared mode is away, or did not keep to the protocol: what was computed with it is void. */
export class PartyFailedError extends UnavailableError {
  /** @param party which one failed, as far as this party can tell: 0, 1 or 2 */
  constructor(
    readonly party: number,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`party ${party}: ${problem}`, options);
  }
}

/** The caller went away. */
export class CancelledError extends IrisPairError {
  readonly code = ErrorCode.Cancelled;
}

/** Nobody waits for the answer any longer. */
export class DeadlineExceededError extends IrisPairError {
  readonly code = ErrorCode.DeadlineExceeded;
}

/** The service cannot run as configured; it names the setting and the remedy. */
export class MisconfiguredError extends IrisPairError {
  readonly code = ErrorCode.Misconfigured;
}

/** What a store holds is not what was written: nothing of it is served. */
export class DamagedStoreError extends IrisPairError {
  readonly code = ErrorCode.DataLoss;

  /**
   * @param place the directory or database
   * @param problem what is wrong, with file, page or ids
   * @param remedy what to do about it
   */
  constructor(
    readonly place: string,
    readonly problem: string,
    remedy: string,
  ) {
    super(`the store in ${place} is damaged: ${problem}: ${remedy}`);
  }
}
