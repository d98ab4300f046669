/** Channel options of the public API and of the hop. */
import type { ChannelOptions } from '@grpc/grpc-js';

/** Largest message a public client may send, bytes; one Enroll takes about 6.5 KiB. */
export const PUBLIC_MESSAGE_BYTES = 1 << 20;

/** Largest message of the hop, bytes: a thousand probes, or the ids of half a million candidates. */
export const HOP_MESSAGE_BYTES = 8 << 20;

/** Calls that one connection of the public API may have open; further ones wait at the client. */
export const MOST_STREAMS = 256;

/** Server side of the public API. */
export const PUBLIC_SERVER_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': PUBLIC_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': MOST_STREAMS,
  // A peer that is gone without a word is found within this and the time for its answer.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
};

/**
 * Calls that may be open on one connection of the hop. Requests fall under no flow control: with so many of them and the
 * 64 KiB of contents that a connection's window lets through, a socket is never full (212,992 bytes by default).
 */
export const MOST_HOP_CALLS = 64;

/** Both ends of the hop. Retries and service configurations are off: the hop's own layer decides what to repeat. */
export const HOP_CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': HOP_MESSAGE_BYTES,
  'grpc.max_send_message_length': HOP_MESSAGE_BYTES,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // A local socket names no host; every server accepts this authority.
  'grpc.default_authority': 'localhost',
  // Workers must not share one connection.
  'grpc.use_local_subchannel_pool': 1,
  // What the end of a process does not show: the other end is stopped, or the connection passes nothing.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 30_000,
};

/** The iris service's end: a client that asks for more waits in its own process. */
export const HOP_SERVER_OPTIONS: ChannelOptions = {
  ...HOP_CHANNEL_OPTIONS,
  'grpc.max_concurrent_streams': MOST_HOP_CALLS,
};
