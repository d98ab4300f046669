/** The public calls, free of their transport: unary calls and the bulk stream both use them. */
import { NotFoundError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import type * as api from '@irispair/proto/public';
import type { Batcher } from '../batch/batcher.js';
import type { Ask, Patience } from '../batch/request.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { Registry } from '../iris/registry.js';
import type { PlacementReport } from '../placement/placement-report.js';
import type { StatusReport } from '../status/status-report.js';
import { writeDeleted, writeEnroll, writeSearch, writeVerified } from './answers.js';
import { checkDelete, checkSearch, checkVerify } from './validation.js';

/** What the calls work on. */
export interface CallParts {
  readonly batcher: Batcher;
  readonly client: IrisClient;
  readonly registry: Registry;
  readonly status: StatusReport;
  readonly placement: PlacementReport;
  /** @throws UnavailableError while the iris service is away or not caught up with */
  readonly checkReady: () => void;
}

/** One call: a request and the caller's patience to a response. */
export type Call<Request, Response> = (request: Request, patience: Patience) => Promise<Response>;

/** All calls by name. */
export interface PublicCalls {
  readonly enroll: Call<api.EnrollRequest, api.EnrollResponse>;
  readonly search: Call<api.SearchRequest, api.SearchResponse>;
  readonly verify: Call<api.VerifyRequest, api.VerifyResponse>;
  readonly reauthenticate: Call<api.ReauthenticateRequest, api.ReauthenticateResponse>;
  readonly delete: Call<api.DeleteRequest, api.DeleteResponse>;
  readonly getIris: Call<api.GetIrisRequest, api.GetIrisResponse>;
  readonly status: Call<api.StatusRequest, api.StatusResponse>;
  readonly placement: Call<api.PlacementRequest, api.PlacementResponse>;
}

/** The calls of one service. */
export function publicCalls({
  batcher,
  client,
  registry,
  status,
  placement,
  checkReady,
}: CallParts): PublicCalls {
  const submit = (ask: Ask, patience: Patience) => {
    checkReady();
    return batcher.submit(ask, patience);
  };
  return {
    enroll: async (request, patience) => writeEnroll(await submit(checkSearch('enroll', request), patience)),
    search: async (request, patience) => writeSearch(await submit(checkSearch('search', request), patience)),
    verify: async (request, patience) =>
      writeVerified(await submit(checkVerify('verify', request), patience)),
    reauthenticate: async (request, patience) =>
      writeVerified(await submit(checkVerify('reauthenticate', request), patience)),
    delete: async (request, patience) => writeDeleted(await submit(checkDelete(request), patience)),
    async getIris(request) {
      const serial = serialId(request.serialId);
      checkReady();
      registry.get(serial);
      const { id, iris } = await client.fetch(serial);
      if (iris.left === undefined || iris.right === undefined) {
        throw new NotFoundError(`serial_id: ${serial} has no templates`);
      }
      return { iris: { left: iris.left, right: iris.right }, version: id.version };
    },
    status: () => status.read(),
    placement: () => placement.read(),
  };
}
