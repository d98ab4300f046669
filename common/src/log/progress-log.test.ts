import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { pino } from 'pino';
import { ProgressLog, readProgress } from './progress-log.js';

describe('progress in the log', () => {
  it('is told first after a quarter of a second, then each second, and can be read again', () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line) => void lines.push(line) });
    let now = 0;
    const clock = mock.method(performance, 'now', () => now);
    try {
      const progress = new ProgressLog('loading irises', 60, logger);
      for (let tenths = 1; tenths <= 25; tenths++) {
        now = tenths * 100;
        progress.reach(tenths);
      }
    } finally {
      clock.mock.restore();
    }
    assert.deepEqual(
      lines.map(readProgress),
      [3, 13, 23].map((done) => ({ task: 'loading irises', done, all: 60 })),
    );
  });

  it('is no other line', () => {
    for (const other of ['', '"progress"', '{"msg":"x"}', '{"msg":"x","progress":{"done":1}}']) {
      assert.equal(readProgress(other), undefined);
    }
  });
});
