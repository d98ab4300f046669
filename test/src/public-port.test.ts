/** What a stranger's tools find on the public port: standard health, reflection, and the API loaded at run time. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import {
  credentials,
  loadPackageDefinition,
  status,
  type ClientDuplexStream,
  type GrpcObject,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { until } from '@irispair/common/support/until';
import { HEALTH_PROTO, PROTO_ROOT, PUBLIC_API_PROTO } from '@irispair/proto/definitions';
import { PairUnderTest } from './support/pair-under-test.js';

const REFLECTION_PROTO = fileURLToPath(
  new URL('../proto/grpc/reflection/v1/reflection.proto', import.meta.resolve('@grpc/reflection')),
);

/** A client of a service that is loaded at run time, as clients without generated code do. */
function dynamicClient(address: string, proto: string, service: string) {
  const definition = loadPackageDefinition(loadSync(proto, { includeDirs: [PROTO_ROOT], enums: String }));
  const found = service.split('.').reduce<GrpcObject>((at, name) => at[name] as GrpcObject, definition);
  return new (found as unknown as ServiceClientConstructor)(address, credentials.createInsecure());
}

type DynamicClient = ReturnType<typeof dynamicClient>;

function call(client: DynamicClient, method: string, request: object): Promise<Record<string, unknown>> {
  const invoke = client[method] as (
    request: object,
    callback: (error: ServiceError | null, response: Record<string, unknown>) => void,
  ) => void;
  return new Promise((resolve, reject) => {
    invoke.call(client, request, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

describe('the public port', () => {
  let test: PairUnderTest;
  let health: DynamicClient;
  before(async () => {
    test = await PairUnderTest.start();
    health = dynamicClient(test.client.address, HEALTH_PROTO, 'grpc.health.v1.Health');
  });
  after(async () => {
    health.close();
    await test.stop();
  });

  async function untilHealth(wanted: string): Promise<void> {
    await until(`both services are ${wanted}`, async () => {
      const seen = await Promise.all(
        ['irispair.v1.IrisPair', 'irispair.v1.IrisPairAdmin'].map((service) =>
          call(health, 'Check', { service }),
        ),
      );
      return seen.every((answer) => answer.status === wanted);
    });
  }

  it('is loaded at run time by proto-loader', async () => {
    const client = dynamicClient(test.client.address, PUBLIC_API_PROTO, 'irispair.v1.IrisPair');
    const answer = await call(client, 'Status', {});
    client.close();
    assert.equal(answer.ready, true);
    assert.equal(answer.index, 'INDEX_MODE_HNSW');
  });

  it('tells standard health, for the server, for the service and for an unknown one', async () => {
    assert.equal((await call(health, 'Check', {})).status, 'SERVING');
    await untilHealth('SERVING');
    await assert.rejects(call(health, 'Check', { service: 'nobody' }), { code: status.NOT_FOUND });
  });

  it('is not serving while the iris service is away', async () => {
    await test.pair.kill('iris', 'SIGKILL');
    await untilHealth('NOT_SERVING');
    assert.equal((await call(health, 'Check', {})).status, 'NOT_SERVING');
    test.pair.startService('iris');
    await untilHealth('SERVING');
  });

  it('reflects its services and their files', async () => {
    const reflection = dynamicClient(
      test.client.address,
      REFLECTION_PROTO,
      'grpc.reflection.v1.ServerReflection',
    );
    const open = reflection.ServerReflectionInfo as () => ClientDuplexStream<object, ReflectionAnswer>;
    const stream = open.call(reflection);
    const ask = async (request: object): Promise<ReflectionAnswer> => {
      stream.write(request);
      const [answer] = (await once(stream, 'data')) as [ReflectionAnswer];
      return answer;
    };
    const { listServicesResponse } = await ask({ listServices: '' });
    const names = listServicesResponse?.service.map(({ name }) => name) ?? [];
    assert.deepEqual(names.sort(), [
      'grpc.health.v1.Health',
      'irispair.v1.IrisPair',
      'irispair.v1.IrisPairAdmin',
    ]);
    const filesWith = async (fileContainingSymbol: string) =>
      (await ask({ fileContainingSymbol })).fileDescriptorResponse?.fileDescriptorProto ?? [];
    assert.equal((await filesWith('grpc.health.v1.Health')).length, 1);
    const files = await filesWith('irispair.v1.IrisPair');
    assert.equal(files.length, 2, 'the API and the file that it imports');
    for (const field of ['iris_codes', 'own_memory']) {
      assert.ok(
        files.some((file) => file.includes(field)),
        `${field}: field names are told as the .proto file writes them`,
      );
    }
    stream.end();
    reflection.close();
  });
});

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}
