/** The public calls, free of their transport: unary calls and the bulk stream both use them. */
import { NotFoundError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import type * as api from '@irispair/proto/public';
import type { Desk } from '../batch/desk.js';
import type { Ask, Patience } from '../batch/request.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { Registry } from '../iris/registry.js';
import type { PlacementReport } from '../placement/placement-report.js';
import type { StatusReport } from '../status/status-report.js';
import { writeDeleted, writeEnroll, writeSearch, writeVerified } from './answers.js';
import type { RequestForm } from './requests.js';

/** What the calls work on. */
export interface CallParts {
  readonly desk: Desk;
  readonly requests: RequestForm;
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
  desk,
  requests,
  client,
  registry,
  status,
  placement,
  checkReady,
}: CallParts): PublicCalls {
  const submit = (ask: Ask, patience: Patience) => {
    checkReady();
    return desk.submit(ask, patience);
  };
  return {
    enroll: async (request, patience) =>
      writeEnroll(await submit(requests.search('enroll', request), patience)),
    search: async (request, patience) =>
      writeSearch(await submit(requests.search('search', request), patience)),
    verify: async (request, patience) =>
      writeVerified(await submit(requests.verify('verify', request), patience)),
    reauthenticate: async (request, patience) =>
      writeVerified(await submit(requests.verify('reauthenticate', request), patience)),
    delete: async (request, patience) => writeDeleted(await submit(requests.delete(request), patience)),
    async getIris(request, patience) {
      const serial = serialId(request.serialId);
      checkReady();
      registry.get(serial);
      const { id, iris } = await client.fetch(serial, patience);
      const written = requests.writeIris(iris);
      if (written === undefined) throw new NotFoundError(`serial_id: ${serial} has no templates`);
      return { ...written, version: id.version };
    },
    status: () => status.read(),
    placement: () => placement.read(),
  };
}
