/** What commands ask of whoever decides: one pair, or three parties who hold shares. */
import type * as api from '@irispair/proto/public';

/** The public API as promises. Requests hold captures in the clear, whoever is asked. */
export interface PublicClient {
  /** Whether requests are decided. @throws ServiceError, PartiesError when a service does not answer */
  isReady(): Promise<boolean>;

  enroll(request: api.EnrollRequest): Promise<api.EnrollResponse>;
  search(request: api.SearchRequest): Promise<api.SearchResponse>;
  verify(request: api.VerifyRequest): Promise<api.VerifyResponse>;
  reauthenticate(request: api.ReauthenticateRequest): Promise<api.ReauthenticateResponse>;
  delete(serialId: number): Promise<api.DeleteResponse>;

  /** The templates of one person. Of shares, code bits under the mask are lost: they are read as 0. */
  getIris(serialId: number): Promise<api.GetIrisResponse>;

  /**
   * Sends requests as fast as they are read.
   * @param answered gets each answer as it comes
   * @param signal gives up what is not answered yet
   */
  process(
    requests: Iterable<api.ProcessRequest> | AsyncIterable<api.ProcessRequest>,
    answered: (response: api.ProcessResponse) => void,
    signal?: AbortSignal,
  ): Promise<void>;

  close(): void;
}
