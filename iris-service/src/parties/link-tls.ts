/** TLS between parties: 1.3, both ends show a certificate, each end takes exactly one. */
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { certificateTrouble, type PartyIdentity } from '@irispair/common/parties/party-identity';
import type { PartyIndex } from '@irispair/common/parties/party';

/** What both ends set. Certificates are looked at after the handshake, so that a refusal says what was expected. */
export function tlsOptions({ certificate, key, trusted }: PartyIdentity): SecureContextOptions & {
  readonly rejectUnauthorized: false;
} {
  return {
    cert: certificate,
    key,
    ca: [...trusted],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  };
}

/** Why the other end of a connection whose handshake is over is not the party; undefined when it is. */
export function peerTrouble(
  socket: TLSSocket,
  identity: PartyIdentity,
  expected: PartyIndex,
): string | undefined {
  const trouble = certificateTrouble(identity, socket.getPeerX509Certificate()?.raw, expected);
  if (trouble !== undefined) return trouble;
  // The right certificate on the wrong day.
  return socket.authorized ? undefined : `its certificate is refused: ${String(socket.authorizationError)}`;
}
