/**
 * What lies below @grpc/grpc-js and is not in its interface: the HTTP/2 servers of a server, the HTTP/2 stream of a call.
 *
 * Its version is pinned. Another one that keeps these elsewhere fails here, at start and in the tests.
 */
import type { Server } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';

interface ServerInside {
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

interface CallInside {
  readonly stream?: ServerHttp2Stream;
}

/** The listening HTTP/2 servers. @throws Error before the server is bound */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  const { http2Servers } = server as unknown as ServerInside;
  if (http2Servers === undefined || http2Servers.size === 0) throw new Error('no HTTP/2 server listens');
  return [...http2Servers.keys()];
}

/** The HTTP/2 stream of a call that an interceptor was given. */
export function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as CallInside;
  if (stream === undefined) throw new Error('this call has no HTTP/2 stream');
  return stream;
}
