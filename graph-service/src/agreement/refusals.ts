/** Why a request came into no batch, as its caller is told. */
import {
  CancelledError,
  ExhaustedError,
  DeadlineExceededError,
  InvalidInputError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { Refusal } from '@irispair/proto/agreement';

/** The error for a caller. */
export function refusalError(refusal: Refusal, detail: string): Error {
  switch (refusal) {
    case Refusal.DIFFERENT:
      return new InvalidInputError('share', detail);
    case Refusal.LATE:
      return new DeadlineExceededError(detail);
    case Refusal.FULL:
      return new ExhaustedError(detail);
    case Refusal.ABANDONED:
      return new CancelledError(detail);
    case Refusal.UNSPECIFIED:
      return new UnavailableError(detail);
  }
}
