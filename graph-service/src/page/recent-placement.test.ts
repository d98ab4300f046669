import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger } from '@irispair/common/log/logger';
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { RecentPlacement } from './recent-placement.js';

const LOGGER = createLogger('graph', 'silent');

function response(cpuMicroseconds: number): PlacementResponse {
  const memory = (bytes: number): placement.MemoryCount => ({
    nodes: [{ node: 1, bytes }],
    notBackedBytes: 0,
    interval: 1,
    unknown: '',
  });
  return {
    nodes: [
      {
        node: 1,
        cpus: '2-3,6',
        memoryBytes: 100,
        freeBytes: 50,
        memoryAllowed: true,
        hugepagesTotal: 8,
        hugepagesFree: 2,
        distances: [10],
      },
    ],
    services: [
      {
        service: 'iris',
        processId: 7,
        placement: 'split',
        reason: 'because',
        splitAsked: true,
        node: 1,
        cpus: '2-3,6',
        memoryNodes: [1],
        threads: [],
        nodeMigrations: 0,
        ownMemory: memory(12),
        parts: [
          {
            use: placement.MemoryUse.LEFT_IRISES,
            count: memory(12),
            segments: [
              { backing: 'hugetlbfs', bytes: 5, pageBytes: 1, policy: 'bind', fallbacks: [] },
              { backing: 'hugetlbfs', bytes: 6, pageBytes: 1, policy: 'bind', fallbacks: [] },
              { backing: 'plain', bytes: 1, pageBytes: 1, policy: 'bind', fallbacks: ['no hugepage'] },
            ],
          },
        ],
        mappedFiles: { nodes: [], notBackedBytes: 0, interval: 0, unknown: 'not told' },
        residentBytes: 12,
        cpuMicroseconds,
      },
    ],
    irisAway: '',
  };
}

/** Reports that come when the test says so, on a clock that it sets. */
class Desk {
  now = 0;
  asked = 0;
  readonly recent: RecentPlacement;
  private settle: ((answer: PlacementResponse | Error) => void)[] = [];

  constructor(context: TestContext) {
    context.mock.method(performance, 'now', () => this.now);
    this.recent = new RecentPlacement(() => {
      this.asked += 1;
      return new Promise((resolve, reject) => {
        this.settle.push((answer) => {
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        });
      });
    }, LOGGER);
  }

  async answer(answer: PlacementResponse | Error): Promise<void> {
    this.settle.shift()?.(answer);
    await nextTurn();
  }
}

describe('the placement on the page', () => {
  it('is asked for by nobody until somebody looks, and by one at a time', async (context) => {
    const desk = new Desk(context);
    assert.equal(desk.asked, 0);
    const first = desk.recent.read();
    assert.equal(first.ageMilliseconds, null);
    assert.ok(first.nodes.length > 0);
    desk.recent.read();
    assert.equal(desk.asked, 1);
    await desk.answer(response(0));
    desk.now = 2_000;
    assert.equal(desk.recent.read().ageMilliseconds, 2_000);
    assert.equal(desk.asked, 1);
    desk.now = 3_000;
    desk.recent.read();
    assert.equal(desk.asked, 2);
  });

  it('is asked for less often when a report takes long', async (context) => {
    const desk = new Desk(context);
    desk.recent.read();
    desk.now = 1_000;
    await desk.answer(response(0));
    desk.now = 10_999;
    desk.recent.read();
    assert.equal(desk.asked, 1);
    desk.now = 11_000;
    desk.recent.read();
    assert.equal(desk.asked, 2);
  });

  it('is asked for again soon when it lacks the iris service, however long that took', async (context) => {
    const desk = new Desk(context);
    desk.recent.read();
    desk.now = 10_000;
    await desk.answer({ ...response(0), services: [], irisAway: 'it does not answer' });
    desk.now = 13_000;
    assert.equal(desk.recent.read().irisAway, 'it does not answer');
    assert.equal(desk.asked, 2);
  });

  it('stays the last one when there is no new one', async (context) => {
    const desk = new Desk(context);
    desk.recent.read();
    await desk.answer(response(0));
    desk.now = 3_000;
    desk.recent.read();
    await desk.answer(new Error('no report'));
    assert.equal(desk.recent.read().services.length, 1);
    assert.equal(desk.recent.read().ageMilliseconds, 3_000);
  });

  it('tells what is mapped on what, and the CPUs that were busy between two reports', async (context) => {
    const desk = new Desk(context);
    desk.recent.read();
    await desk.answer(response(1e6));
    const [node] = desk.recent.read().nodes;
    assert.deepEqual(node.cpus, [2, 3, 6]);
    const [{ memory, busyCpus }] = desk.recent.read().services;
    assert.equal(busyCpus, null);
    assert.deepEqual(memory, [
      {
        use: 'left irises',
        nodes: [{ node: 1, bytes: 12 }],
        unknown: '',
        backings: [
          { backing: 'hugetlbfs', policy: 'bind', bytes: 11 },
          { backing: 'plain', policy: 'bind', bytes: 1 },
        ],
        fallbacks: ['no hugepage'],
      },
      { use: 'mapped files', nodes: [], unknown: 'not told', backings: [], fallbacks: [] },
    ]);
    desk.now = 4_000;
    desk.recent.read();
    await desk.answer(response(7e6));
    assert.equal(desk.recent.read().services[0].busyCpus, 1.5);
  });
});
