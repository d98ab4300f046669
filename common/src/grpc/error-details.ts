/**
 * What an error says beside its code and message: google.rpc's details in the trailer `grpc-status-details-bin`, where
 * clients of every language look for them.
 */
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '@irispair/proto/google-error-details';
import { Status } from '@irispair/proto/google-status';

/** The details that are known here; each is absent where an error does not have it. */
export interface ErrorDetails {
  /** When to try again. */
  readonly retryInfo?: RetryInfo;
  /** Which fields are wrong. */
  readonly badRequest?: BadRequest;
  /** Why, for programs. */
  readonly errorInfo?: ErrorInfo;
}

/** By name of the message. */
const FORMS = {
  retryInfo: RetryInfo,
  badRequest: BadRequest,
  errorInfo: ErrorInfo,
} as const;

type Kind = keyof ErrorDetails;

const TYPE_URLS: Readonly<Record<Kind, string>> = {
  retryInfo: 'type.googleapis.com/google.rpc.RetryInfo',
  badRequest: 'type.googleapis.com/google.rpc.BadRequest',
  errorInfo: 'type.googleapis.com/google.rpc.ErrorInfo',
};

const KINDS = Object.keys(FORMS) as Kind[];
const TRAILER = 'grpc-status-details-bin';

/** Trailers that carry the details; none when there are no details. */
export function detailsTrailer(code: number, message: string, given: ErrorDetails): Metadata {
  const metadata = new Metadata();
  const details = KINDS.flatMap((kind) => pack(kind, given));
  if (details.length === 0) return metadata;
  metadata.set(TRAILER, Buffer.from(Status.encode({ code, message, details }).finish()));
  return metadata;
}

/** The details of an error that a call ended with. Unknown and malformed ones are as good as none. */
export function readDetails({ metadata }: Pick<ServiceError, 'metadata'>): ErrorDetails {
  const read: { -readonly [Name in Kind]?: ErrorDetails[Name] } = {};
  try {
    for (const bytes of metadata.get(TRAILER)) {
      if (typeof bytes === 'string') continue;
      for (const { typeUrl, value } of Status.decode(bytes).details) {
        const kind = KINDS.find((one) => TYPE_URLS[one] === typeUrl);
        if (kind !== undefined) Object.assign(read, { [kind]: FORMS[kind].decode(value) });
      }
    }
    return read;
  } catch {
    return {};
  }
}

/** RetryInfo with this delay, at least 0. */
export function retryAfter(milliseconds: number): RetryInfo {
  const seconds = Math.floor(milliseconds / 1_000);
  return { retryDelay: { seconds, nanos: Math.round((milliseconds - 1_000 * seconds) * 1e6) } };
}

/**
 * After how many milliseconds the same call may be tried again, as the service that refused it says.
 * @param error anything that a call was rejected with, or the status of a call
 * @returns undefined when the service does not say
 */
export function retryMillisecondsOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('metadata' in error)) return undefined;
  if (!(error.metadata instanceof Metadata)) return undefined;
  const delay = readDetails({ metadata: error.metadata }).retryInfo?.retryDelay;
  return delay === undefined ? undefined : Math.max(0, 1_000 * delay.seconds + delay.nanos / 1e6);
}

function pack(kind: Kind, given: ErrorDetails): { typeUrl: string; value: Buffer }[] {
  const detail = given[kind];
  if (detail === undefined) return [];
  const form: { encode(message: typeof detail): { finish(): Uint8Array } } = FORMS[kind];
  return [{ typeUrl: TYPE_URLS[kind], value: Buffer.from(form.encode(detail).finish()) }];
}
