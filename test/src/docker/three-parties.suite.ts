/** Three parties in containers, by docker/compose.parties.yaml. Run by main.ts, after the images are built. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PARTIES } from '@irispair/common/parties/party';
import { until } from '@irispair/common/support/until';
import { ofEachParty } from 'irispair/client/of-each-party';
import { PartiesClient } from 'irispair/client/parties-client';
import { freePorts } from 'irispair/pair/free-port';
import { mustRun } from './command.js';
import { dockerClient, lines } from './engine.js';
import { CHECKOUT } from './images.js';

const READY_MILLISECONDS = 120_000;

describe('three parties in containers', () => {
  let directory: string;
  let client: PartiesClient;

  before(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'irispair-parties-')), 'docker');
    await mkdir(directory);
    for (const file of ['compose.parties.yaml', 'make-party-certificates.sh']) {
      await copyFile(join(CHECKOUT, 'docker', file), join(directory, file));
    }
    await mustRun(['sh', join(directory, 'make-party-certificates.sh')]);
    const ports = await freePorts(PARTIES.length);
    const settings = ports.map((port, party) => `IRISPAIR_PORT_${party}=${port}\n`);
    await writeFile(
      join(directory, '.env'),
      `${settings.join('')}IRISPAIR_STORE_CREATE=1\nCOMPOSE_PROJECT_NAME=irispair-parties\nCOMPOSE_FILE=compose.parties.yaml\n`,
    );
    client = new PartiesClient(ofEachParty((party) => `127.0.0.1:${ports[party]}`));
  });
  after(async () => {
    client.close();
    await compose(['down', '--volumes', '--timeout', '5']);
    await rm(join(directory, '..'), { recursive: true });
  });

  function compose(args: readonly string[], input = ''): Promise<string> {
    return mustRun(['docker-compose', ...args], { directory, input });
  }

  async function up(): Promise<void> {
    await compose(['up', '--detach', '--no-build']);
    await until(
      'all parties serve',
      async () => {
        const statuses = await client.statuses().catch(() => undefined);
        return statuses?.every(({ ready }) => ready) === true;
      },
      READY_MILLISECONDS,
    );
  }

  /** What the command in its image decides. */
  async function decisions(kind: 'enroll' | 'search', captures: string): Promise<string[]> {
    const output = await compose(['run', '--rm', '-T', 'cli', kind, '-', '--json'], captures);
    return lines(output).map((line) => (JSON.parse(line) as { decision: string }).decision);
  }

  it('come up, and decide for the command in its image', async () => {
    await up();
    const people = await compose(['run', '--rm', '-T', 'cli', 'generate', '--people', '3']);
    assert.deepEqual(await decisions('enroll', people), ['unique', 'unique', 'unique']);
    assert.deepEqual(await decisions('search', people), ['duplicate', 'duplicate', 'duplicate']);
  });

  it('lets the iris services reach each other, and nothing else', async () => {
    const members = await mustRun([
      dockerClient(),
      ...['network', 'inspect', 'irispair-parties_links', '--format'],
      '{{.Internal}}{{range .Containers}} {{.Name}}{{end}}',
    ]);
    assert.match(members, /^true( \S*iris-service-\d\S*){3}\n$/);
  });

  it('lose nothing when all containers are removed and made anew', async () => {
    await compose(['down']);
    await up();
    const people = await compose(['run', '--rm', '-T', 'cli', 'generate', '--people', '3']);
    assert.deepEqual(await decisions('search', people), ['duplicate', 'duplicate', 'duplicate']);
  });
});
