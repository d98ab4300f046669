import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { MisconfiguredError } from '../errors/errors.js';
import { reportBinding } from './bind-service.js';

describe('a binding that was refused', () => {
  function logged(): { logger: pino.Logger; lines: string[] } {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    return { logger: pino(stream), lines };
  }

  it('is told in the log, with what was refused', () => {
    const { logger, lines } = logged();
    reportBinding({ cpusRefused: '', memoryRefused: 'Operation not permitted' }, false, logger);
    assert.equal(lines.length, 1);
    assert.match(lines[0], /"memoryRefused":"Operation not permitted"/);
  });

  it('stops a strict service with what was refused and the remedy', () => {
    const { logger, lines } = logged();
    assert.throws(
      () => {
        reportBinding({ cpusRefused: '', memoryRefused: 'Operation not permitted' }, true, logger);
      },
      (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /CPUs: done, memory: Operation not permitted.*grant CAP_SYS_NICE/);
        return true;
      },
    );
    assert.deepEqual(lines, []);
  });

  it('is not mentioned when nothing was refused', () => {
    const { logger, lines } = logged();
    reportBinding({ cpusRefused: '', memoryRefused: '' }, true, logger);
    assert.deepEqual(lines, []);
  });
});
