/**
 * The bulk call as the server takes it: requests with their size, answers as bytes.
 *
 * An answer that waits for its client is counted exactly then, and holds no more than its own bytes: as a message it would keep
 * the whole of what the iris service sent with it.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { IrisPairService, type ProcessRequest } from '@irispair/proto/public';

/** A request, and what it took on the wire. */
export interface SizedRequest {
  readonly request: ProcessRequest;
  readonly bytes: number;
}

/** The stream of one bulk call. */
export type BulkStream = ServerDuplexStream<SizedRequest, Buffer>;

const { process } = IrisPairService;

/** The public service, its bulk call so. */
export const SERVED_SERVICE = {
  ...IrisPairService,
  process: {
    ...process,
    requestDeserialize: (bytes: Buffer): SizedRequest => ({
      request: process.requestDeserialize(bytes),
      bytes: bytes.byteLength,
    }),
    responseSerialize: (answer: Buffer): Buffer => answer,
  },
};
