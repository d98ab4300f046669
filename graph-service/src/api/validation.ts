/**
 * Public requests to checked ones. Every length and range is checked here, naming the field as the client wrote it; masks
 * whose real and imaginary parts differ are combined here, and nowhere below.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { serialId, type SerialId } from '@irispair/common/ids/vector-id';
import { acceptTemplate, type Iris, type Template, type TemplateTerms } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import type { Ask } from '../batch/request.js';

const LONGEST_OR_LIST = 1_024;
const LONGEST_REQUEST_ID = 128;

/** @throws InvalidInputError */
export function checkSearch(
  kind: 'enroll' | 'search',
  request: api.EnrollRequest | api.SearchRequest,
  terms: TemplateTerms,
): Ask {
  return { kind, iris: checkIris(request.iris, terms), orList: checkOrList(request.orList) };
}

/** @throws InvalidInputError */
export function checkVerify(
  kind: 'verify' | 'reauthenticate',
  request: api.VerifyRequest | api.ReauthenticateRequest,
  terms: TemplateTerms,
): Ask {
  return { kind, serialId: serialId(request.serialId), iris: checkIris(request.iris, terms) };
}

/** @throws InvalidInputError */
export function checkDelete(request: api.DeleteRequest): Ask {
  return { kind: 'delete', serialId: serialId(request.serialId) };
}

/** @throws InvalidInputError */
export function checkRequestId(requestId: string): void {
  if (requestId.length >= 1 && requestId.length <= LONGEST_REQUEST_ID) return;
  throw new InvalidInputError(
    'request_id',
    `${requestId.length} characters, 1 to ${LONGEST_REQUEST_ID} are allowed`,
  );
}

/** @throws InvalidInputError naming what is wrong below `field` */
export function checkIris(iris: api.Iris | undefined, terms: TemplateTerms, field = 'iris'): Iris {
  if (iris === undefined) throw new InvalidInputError(field, 'missing: send the templates of both eyes');
  return {
    left: checkEye(iris.left, terms, `${field}.left`),
    right: checkEye(iris.right, terms, `${field}.right`),
  };
}

function checkEye(template: api.Template | undefined, terms: TemplateTerms, field: string): Template {
  if (template === undefined) throw new InvalidInputError(field, 'missing: send the templates of both eyes');
  return acceptTemplate(template, field, terms);
}

/** @throws InvalidInputError */
export function checkOrList(orList: readonly number[]): SerialId[] {
  if (orList.length > LONGEST_OR_LIST) {
    throw new InvalidInputError('or_list', `${orList.length} ids, at most ${LONGEST_OR_LIST} are allowed`);
  }
  return orList.map((serial, index) => serialId(serial, `or_list[${index}]`));
}
