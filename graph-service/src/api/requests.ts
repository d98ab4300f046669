/** How requests carry irises: as they are, or as this party's shares of them. */
import type { Probe } from '@irispair/proto/compute';
import type * as api from '@irispair/proto/public';
import type { Ask } from '../batch/request.js';

/** Reads requests and writes irises as a mode has them. Each reader throws InvalidInputError naming the field. */
export interface RequestForm {
  search(kind: 'enroll' | 'search', request: api.EnrollRequest | api.SearchRequest): Ask;
  verify(kind: 'verify' | 'reauthenticate', request: api.VerifyRequest | api.ReauthenticateRequest): Ask;
  delete(request: api.DeleteRequest): Ask;
  /** @returns undefined when an eye is missing */
  writeIris(stored: Probe): Pick<api.GetIrisResponse, 'iris' | 'share'> | undefined;
}
