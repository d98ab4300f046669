/** The public calls, watched: how each ended and how long it took, whichever way it came, and what was decided. */
import type { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { Decision } from '@irispair/proto/public';
import { Counter, type Registry } from 'prom-client';
import type { Call, PublicCalls } from '../api/calls.js';

const WORD: Readonly<Record<Decision, string>> = {
  [Decision.UNSPECIFIED]: 'unspecified',
  [Decision.UNIQUE]: 'unique',
  [Decision.DUPLICATE]: 'duplicate',
  [Decision.MIRROR_ATTACK]: 'mirror_attack',
};

const DECIDED = [Decision.UNIQUE, Decision.DUPLICATE, Decision.MIRROR_ATTACK] as const;

/** The same calls, watched. */
export function watchedCalls(calls: PublicCalls, requests: RequestMetrics, registry: Registry): PublicCalls {
  const decisions = new Counter({
    name: 'irispair_decisions_total',
    help: 'Decisions answered, by what was asked and what was decided',
    labelNames: ['request', 'decision'],
    registers: [registry],
  });
  const verifications = new Counter({
    name: 'irispair_verifications_total',
    help: 'Comparisons with one enrolled person answered, by what was asked and whether both eyes matched',
    labelNames: ['request', 'matched'],
    registers: [registry],
  });
  // From the first on a rate can be told.
  for (const request of ['enroll', 'search']) {
    for (const decision of DECIDED) decisions.inc({ request, decision: WORD[decision] }, 0);
  }
  const watch =
    <Request, Response>(
      method: string,
      call: Call<Request, Response>,
      note: (response: Response) => void = () => undefined,
    ): Call<Request, Response> =>
    async (request, patience) => {
      const response = await requests.watch(method, () => call(request, patience));
      note(response);
      return response;
    };
  const decided =
    (request: string) =>
    ({ decision }: { decision: Decision }) => {
      decisions.inc({ request, decision: WORD[decision] });
    };
  const compared =
    (request: string) =>
    ({ matched }: { matched: boolean }) => {
      verifications.inc({ request, matched: matched ? 'yes' : 'no' });
    };
  return {
    enroll: watch('Enroll', calls.enroll, decided('enroll')),
    search: watch('Search', calls.search, decided('search')),
    verify: watch('Verify', calls.verify, compared('verify')),
    reauthenticate: watch('Reauthenticate', calls.reauthenticate, compared('reauthenticate')),
    delete: watch('Delete', calls.delete),
    getIris: watch('GetIris', calls.getIris),
    status: watch('Status', calls.status),
    placement: watch('Placement', calls.placement),
  };
}
