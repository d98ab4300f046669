/** Requests with a capture in the clear, as each party gets them: its share instead, all under one request id. */
import { randomUUID } from 'node:crypto';
import type { MaskRule } from '@irispair/common/iris/masks';
import type { OfEachParty } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { shareableIris, wholeIris } from '../shares/checked-iris.js';
import { shareIris } from '../shares/iris-shares.js';
import { ofEachParty } from './of-each-party.js';

/** What the requests on captures have in common. */
export interface CaptureRequest {
  iris?: api.Iris | undefined;
  share?: api.IrisShare | undefined;
  requestId?: string | undefined;
}

/** Shares the capture afresh. @throws InvalidInputError when it is not right: no party could see that */
export function withShares<Request extends CaptureRequest>(
  request: Request,
  masks: MaskRule,
): OfEachParty<Request> {
  const shares = shareIris(shareableIris(wholeIris(request.iris), masks));
  const requestId = randomUUID();
  return ofEachParty((party) => ({ ...request, iris: undefined, share: shares[party], requestId }));
}

/** A bulk request likewise. @throws InvalidInputError */
export function sharedBulkRequest(
  { requestId, request }: api.ProcessRequest,
  masks: MaskRule,
): OfEachParty<api.ProcessRequest> {
  const shared = sharedRequest(request, masks);
  return ofEachParty((party) => ({ requestId, request: shared[party] }));
}

function sharedRequest(
  request: api.ProcessRequest['request'],
  masks: MaskRule,
): OfEachParty<api.ProcessRequest['request']> {
  switch (request?.$case) {
    case 'enroll':
      return ofKind('enroll', withShares(request.value, masks));
    case 'search':
      return ofKind('search', withShares(request.value, masks));
    case 'verify':
      return ofKind('verify', withShares(request.value, masks));
    case 'reauthenticate':
      return ofKind('reauthenticate', withShares(request.value, masks));
    case 'delete': {
      const value = { ...request.value, requestId: randomUUID() };
      return ofEachParty(() => ({ $case: 'delete', value }));
    }
    case 'getIris':
    case undefined:
      return ofEachParty(() => request);
  }
}

function ofKind<Kind extends string, Value>(
  $case: Kind,
  values: OfEachParty<Value>,
): OfEachParty<{ $case: Kind; value: Value }> {
  return ofEachParty((party) => ({ $case, value: values[party] }));
}
