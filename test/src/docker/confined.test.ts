import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';

const CONFINED = new URL('./confined.js', import.meta.url).href;

/** Starts a daemon of its own session, waits until it may stop, and says so. */
const PROGRAM = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stopWanted } from '${CONFINED}';
const stopped = stopWanted();
spawn('sh', ['-c', 'sleep 1000; :', process.argv[2]], { detached: true, stdio: 'ignore' }).unref();
const stay = setInterval(() => undefined, 1000);
await once(stopped, 'abort');
clearInterval(stay);
console.log('stopped in order');
process.exitCode = 7;
`;

/** Whether the daemon runs that has this argument. */
function runs(marker: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sh\0-c\0sleep 1000; :\0${marker}\0`;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

describe('what runs confined', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-confined-'));
    writeFileSync(join(directory, 'program.mjs'), PROGRAM);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  async function start(marker: string): Promise<{ process: ChildProcess; output: () => string }> {
    const starter = `import { runConfined } from '${CONFINED}';
process.exitCode = await runConfined('machine', '${join(directory, 'program.mjs')}', '${marker}');`;
    const process_ = spawn(process.execPath, ['--input-type=module', '--eval', starter]);
    let output = '';
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await until(`the daemon runs ${output}`, () => runs(marker));
    return { process: process_, output: () => output };
  }

  it('ends with a process that is killed, its daemons too', async () => {
    const marker = randomUUID();
    const { process } = await start(marker);
    process.kill('SIGKILL');
    await until('the daemon is gone', () => !runs(marker));
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`stops in order at ${signal}, and leaves no daemon`, async () => {
      const marker = randomUUID();
      const { process, output } = await start(marker);
      process.kill(signal);
      const [code] = (await once(process, 'close')) as [number | null];
      assert.deepEqual([code, output()], [7, 'stopped in order\n']);
      assert.ok(!runs(marker));
    });
  }
});
