import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlacementDecision } from '@irispair/common/placement/decide';
import { MOST_A_SECOND, Page, type PageChoice } from './page.js';
import { SNAPSHOT } from './snapshot.js';
import { Snapshots } from './snapshots.js';

const DECISION: PlacementDecision = {
  placement: 'shared',
  reason: 'both services share all nodes',
  graph: { node: null, cpus: [0], memory: { kind: 'default' } },
  iris: { node: null, cpus: [0], memory: { kind: 'default' } },
  arenas: { policy: { kind: 'default' }, fallbackNodes: [] },
};

function page(choice: PageChoice, notReady = 'loading the graph'): Page {
  return new Page(choice, new Snapshots(DECISION, () => notReady));
}

describe('the page', () => {
  it('is shown on loopback, elsewhere when it is switched on', () => {
    const shown = (choice: PageChoice) =>
      (['loopback', 'network'] as const).map((reach) => page(choice).answer('/', reach)?.code);
    assert.deepEqual(shown('auto'), [200, 404]);
    assert.deepEqual(shown('on'), [200, 200]);
    assert.deepEqual(shown('off'), [404, 404]);
  });

  it('says why it is not shown, on all its paths', () => {
    for (const path of ['/', '/state.json', '/page.css', '/page/main.js']) {
      const answer = page('auto').answer(path, 'network');
      assert.equal(answer?.code, 404, path);
      assert.match(String(answer.body), /not on loopback.*set IRISPAIR_PAGE=on/);
      assert.equal(page('off').answer(path, 'loopback')?.body, 'the page is off: IRISPAIR_PAGE=off\n');
    }
  });

  it('knows its own paths and no others', () => {
    for (const path of [
      '/page/',
      '/index.html',
      '/page/../page.js',
      '/dist/main.js',
      '/page/main.d.ts',
      '/%2e%2e/package.json',
    ])
      assert.equal(page('on').answer(path, 'loopback'), undefined, path);
  });

  it('allows its own scripts and styles and nothing else, and is framed by nobody', () => {
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/page.css', 'text/css; charset=utf-8'],
      ['/page/main.js', 'text/javascript; charset=utf-8'],
      ['/icon.svg', 'image/svg+xml'],
      ['/state.json', 'application/json'],
    ]) {
      const answer = page('on').answer(path, 'loopback');
      assert.deepEqual([answer?.code, answer?.type], [200, type], path);
      const policy = String(answer?.headers?.['content-security-policy']);
      assert.deepEqual(policy.split('; ').slice(0, 3), [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
      ]);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(answer?.headers?.['x-content-type-options'], 'nosniff');
    }
  });

  it('tells while the graph is loaded that it is', () => {
    const snapshot = SNAPSHOT.parse(JSON.parse(String(page('on').answer('/state.json', 'loopback')?.body)));
    assert.equal(snapshot.state.notReady, 'loading the graph');
    assert.deepEqual(snapshot.decision, { placement: 'shared', reason: 'both services share all nodes' });
    assert.ok(snapshot.placement.nodes.length > 0);
    assert.deepEqual([snapshot.work, snapshot.hop, snapshot.slowRequests], [null, null, []]);
  });

  it('gives so many snapshots a second and no more', (context) => {
    let now = 1_000;
    context.mock.method(performance, 'now', () => now);
    const watched = page('on');
    const codes = Array.from(
      { length: MOST_A_SECOND + 1 },
      () => watched.answer('/state.json', 'loopback')?.code,
    );
    assert.deepEqual(codes, [...Array<number>(MOST_A_SECOND).fill(200), 503]);
    assert.match(String(watched.answer('/state.json', 'loopback')?.body), /ask again later/);
    assert.equal(watched.answer('/', 'loopback')?.code, 200);
    now += 1_000;
    assert.equal(watched.answer('/state.json', 'loopback')?.code, 200);
  });
});
