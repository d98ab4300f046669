/** How graph services of three parties reach each other: gRPC over mutual TLS, by pinned certificates. */
import {
  credentials,
  ServerCredentials,
  type ChannelOptions,
  type ClientDuplexStream,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { channelTo } from '@irispair/common/grpc/channel';
import { certificateTrouble, type PartyIdentity } from '@irispair/common/parties/party-identity';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { AgreementClient, type JoinRequest, type JoinResponse } from '@irispair/proto/agreement';

/** Version of the protocol. */
export const AGREEMENT_VERSION = 2;

/** The party that leads. */
export const LEADER: PartyIndex = PARTIES[0];

/** A follower's call, as the leader sees it. */
export type LeaderStream = ServerDuplexStream<JoinRequest, JoinResponse>;

/** The same, as the follower sees it. */
export type FollowerStream = ClientDuplexStream<JoinRequest, JoinResponse>;

/** A part of the graph is a few MiB at most. */
const MESSAGE_BYTES = 16 << 20;

/** A party that is gone without a word is noticed within so long, twice. */
const KEEPALIVE_MILLISECONDS = 5_000;

/** Both ends. */
export const AGREEMENT_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES,
  'grpc.max_send_message_length': MESSAGE_BYTES,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': KEEPALIVE_MILLISECONDS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_MILLISECONDS,
};

/** The leader's end: a caller must hold the key of a certificate that a pinned one vouches for. */
export function leaderCredentials({ trusted, key, certificate }: PartyIdentity): ServerCredentials {
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
  return ServerCredentials.createSsl(Buffer.from(trusted.join('\n')), [pair], true);
}

/** A client of the leader, which must show the leader's very certificate. */
export function connectToLeader(identity: PartyIdentity, address: string): AgreementClient {
  const { trusted, key, certificate } = identity;
  const secured = credentials.createSsl(
    Buffer.from(trusted.join('\n')),
    Buffer.from(key),
    Buffer.from(certificate),
    {
      checkServerIdentity: (_, shown) => {
        const trouble = certificateTrouble(identity, shown.raw, LEADER);
        return trouble === undefined ? undefined : new Error(trouble);
      },
    },
  );
  const options = {
    ...AGREEMENT_OPTIONS,
    // The certificate is known: it need not name the host.
    'grpc.ssl_target_name_override': 'irispair',
    'grpc.use_local_subchannel_pool': 1,
  };
  return new AgreementClient(...channelTo(address, options, secured));
}

/** What is wrong with a caller that says it is this party; undefined when it is. */
export function callerTrouble(
  identity: PartyIdentity,
  call: Pick<LeaderStream, 'getAuthContext'>,
  party: PartyIndex,
): string | undefined {
  return certificateTrouble(identity, call.getAuthContext().sslPeerCertificate?.raw, party);
}
