/** Errors to gRPC statuses and back. */
import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { ErrorCode, IrisPairError } from '../errors/errors.js';
import { detailsTrailer, retryAfter, type ErrorDetails } from './error-details.js';

const STATUS_OF: Readonly<Record<ErrorCode, status>> = {
  [ErrorCode.InvalidInput]: status.INVALID_ARGUMENT,
  [ErrorCode.NotFound]: status.NOT_FOUND,
  [ErrorCode.AlreadyExists]: status.ALREADY_EXISTS,
  [ErrorCode.Exhausted]: status.RESOURCE_EXHAUSTED,
  [ErrorCode.Conflict]: status.FAILED_PRECONDITION,
  [ErrorCode.Unavailable]: status.UNAVAILABLE,
  [ErrorCode.Cancelled]: status.CANCELLED,
  [ErrorCode.DeadlineExceeded]: status.DEADLINE_EXCEEDED,
  [ErrorCode.Misconfigured]: status.FAILED_PRECONDITION,
  [ErrorCode.DataLoss]: status.DATA_LOSS,
};

/** The status to end a call with. Errors not meant for clients become INTERNAL without their message. */
export function toStatus(error: unknown): StatusObject {
  if (error instanceof IrisPairError) {
    const { message, retryMilliseconds } = error;
    const code = STATUS_OF[error.code];
    const details: ErrorDetails =
      retryMilliseconds === undefined ? {} : { retryInfo: retryAfter(retryMilliseconds) };
    return { code, details: message, metadata: detailsTrailer(code, message, details) };
  }
  if (isServiceError(error)) {
    return { code: error.code, details: error.details, metadata: new Metadata() };
  }
  return { code: status.INTERNAL, details: 'internal error: see the service log', metadata: new Metadata() };
}

/** Whether it is an error that a gRPC client call ended with. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
