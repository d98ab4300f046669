/** A real iris service on a socket and a store of its own, with a client of the hop. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import type { EngineCore } from '@irispair/native/engine-types';
import { readTopology } from '@irispair/native/topology';
import { startIrisService, type IrisService } from '../iris-service.js';
import { readIrisServiceSettings } from '../settings.js';
import { HopClient } from './hop-client.js';

/** A running service. */
export class ServiceUnderTest extends HopClient {
  private constructor(
    readonly directory: string,
    private readonly environment: Readonly<Record<string, string>>,
    private service: IrisService,
  ) {
    super(service.socket);
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<ServiceUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-iris-'));
    try {
      return new ServiceUnderTest(directory, environment, await start(directory, environment));
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  get socket(): string {
    return this.service.socket;
  }

  get engine(): EngineCore {
    return this.service.engine;
  }

  /** Stops the service and starts it on the same store. */
  async restart(): Promise<void> {
    await this.stopService();
    this.service = await start(this.directory, this.environment);
    this.reconnect(this.socket);
  }

  async stop(): Promise<void> {
    await this.stopService();
    await rm(this.directory, { recursive: true });
  }

  private async stopService(): Promise<void> {
    this.disconnect();
    await this.service.stop();
  }
}

function start(directory: string, environment: Readonly<Record<string, string>>): Promise<IrisService> {
  const settings = readIrisServiceSettings({
    IRISPAIR_PLACEMENT: 'off',
    IRISPAIR_HUGEPAGES: 'off',
    IRISPAIR_STORE_CREATE: '1',
    IRIS_STORE_INITIAL_CAPACITY: '256',
    IRISPAIR_IRIS_SOCKET: join(directory, 'iris.sock'),
    IRISPAIR_IRIS_STORE: join(directory, 'store'),
    ...environment,
  });
  return startIrisService(
    settings,
    decidePlacement(readTopology(), settings, 'iris'),
    createLogger('iris', 'silent'),
  );
}
