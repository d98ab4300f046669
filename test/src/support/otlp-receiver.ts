/** A collector that takes traces by OTLP, over gRPC or HTTP, and decodes what it is sent. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { z } from 'zod';

const PROTO = join(dirname(fileURLToPath(import.meta.url)), '../../otlp/trace_service.proto');
const SERVICE = loadSync(PROTO, { longs: String, enums: String, defaults: true, oneofs: true })[
  'opentelemetry.proto.collector.trace.v1.TraceService'
] as ServiceDefinition;

/** What a collector does with what it is sent. */
export type Temper = 'takes' | 'refuses' | 'hangs';

/** A span as it came. */
export interface ReceivedSpan {
  /** `service.name` of its resource. */
  readonly service: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for none. */
  readonly parentSpanId: string;
  readonly traceState: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Undefined when it is no error. */
  readonly error: string | undefined;
}

const hex = z.instanceof(Buffer).transform((bytes) => bytes.toString('hex'));
const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.object({
        value: z.enum(['stringValue', 'boolValue', 'intValue', 'doubleValue']),
        stringValue: z.string().optional(),
        boolValue: z.boolean().optional(),
        intValue: z.string().transform(Number).optional(),
        doubleValue: z.number().optional(),
      }),
    }),
  )
  .transform((pairs) =>
    Object.fromEntries(pairs.map(({ key, value: { value: kind, ...values } }) => [key, values[kind] ?? ''])),
  );
const REQUEST = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex,
              traceState: z.string(),
              name: z.string(),
              kind: z
                .enum(['SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'])
                .transform((kind) => kind.slice('SPAN_KIND_'.length).toLowerCase()),
              startTimeUnixNano: z.string().transform(BigInt),
              endTimeUnixNano: z.string().transform(BigInt),
              attributes,
              links: z.array(z.object({ traceId: hex, spanId: hex })),
              status: z.object({ code: z.string(), message: z.string() }).nullable(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A running collector. */
export class OtlpReceiver {
  temper: Temper = 'takes';
  readonly spans: ReceivedSpan[] = [];
  /** Messages that came, whatever became of them. */
  requests = 0;
  private close: () => Promise<void> = () => Promise.resolve();

  private constructor(public port: number) {}

  /** Takes `opentelemetry.proto.collector.trace.v1.TraceService/Export`. @param port 0 for a free one */
  static async grpc(port = 0): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(port);
    const server = new Server();
    server.addService(SERVICE, {
      export: (call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) => {
        receiver.requests += 1;
        if (receiver.temper === 'refuses') {
          callback({ code: status.RESOURCE_EXHAUSTED, details: 'this collector refuses' });
        }
        if (receiver.temper !== 'takes') return;
        receiver.take(call.request);
        callback(null, {});
      },
    });
    receiver.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    receiver.close = () => {
      server.forceShutdown();
      return Promise.resolve();
    };
    return receiver;
  }

  /** Takes `POST /v1/traces`. */
  static async http(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(0);
    const server: HttpServer = createServer((request, response) => {
      void receiver.answer(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on a port');
    receiver.port = address.port;
    receiver.close = async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    };
    return receiver;
  }

  /** What an exporter is given as its endpoint. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The spans of one trace. */
  of(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Listens no longer. */
  stop(): Promise<void> {
    return this.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isTraces = request.method === 'POST' && request.url === '/v1/traces';
    const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
    if (!isTraces || !isProtobuf) {
      response.writeHead(400).end();
      return;
    }
    this.take(SERVICE.Export.requestDeserialize(Buffer.concat(chunks)));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }

  private take(request: unknown): void {
    for (const { resource, scopeSpans } of REQUEST.parse(request).resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const { startTimeUnixNano: start, endTimeUnixNano: end, status: ending, kind, ...rest } = span;
        this.spans.push({
          ...rest,
          start,
          end,
          kind: kind as ReceivedSpan['kind'],
          service: String(resource.attributes['service.name']),
          error: ending?.code === 'STATUS_CODE_ERROR' ? ending.message : undefined,
        });
      }
    }
  }
}
