/** Requests in plain mode: irises as they are. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { TemplateTerms } from '@irispair/common/iris/template';
import type { RequestForm } from './requests.js';
import { checkDelete, checkSearch, checkVerify } from './validation.js';

/** What a client that would share secrets sends. */
interface SharedFields {
  readonly share?: unknown;
  readonly requestId?: string | undefined;
}

/** Reads and writes them. @param accepted what captures must be; throws UnavailableError while that is not known */
export function plainRequests(accepted: () => TemplateTerms): RequestForm {
  return {
    search(kind, request) {
      refuseShared(request);
      return checkSearch(kind, request, accepted());
    },
    verify(kind, request) {
      refuseShared(request);
      return checkVerify(kind, request, accepted());
    },
    delete(request) {
      refuseShared(request);
      return checkDelete(request);
    },
    writeIris: ({ left, right }) =>
      left === undefined || right === undefined ? undefined : { iris: { left, right } },
  };
}

function refuseShared({ share, requestId }: SharedFields): void {
  if (share !== undefined) {
    throw new InvalidInputError(
      'share',
      'this pair is in plain mode, which takes whole irises: send `iris`, or send shares to three pairs with IRISPAIR_MODE=shared',
    );
  }
  if (requestId !== undefined) {
    throw new InvalidInputError(
      'request_id',
      'this pair is in plain mode, where unary requests have none: leave it out',
    );
  }
}
