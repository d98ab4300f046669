/** The page in headless Chromium: of a real pair, and of made-up machines. Pictures are kept in test/output/page. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { irisMessage } from '@irispair/common/iris/message';
import { until } from '@irispair/common/support/until';
import { SNAPSHOT, type Snapshot } from '@irispair/graph-service/page/snapshot';
import { MemoryUse } from '@irispair/proto/placement';
import type { PlacementResponse, ProcessRequest } from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import {
  irises,
  irisService,
  memory,
  MIB,
  oneNode,
  segment,
  twoNodes,
  untold,
} from 'irispair/support/made-up-placement';
import type { Page } from 'playwright-core';
import { assertQuiet, BrowserUnderTest, type Look, type Sight } from './support/browser.js';
import { madeUpSnapshot } from './support/made-up-snapshot.js';
import { PairUnderTest } from './support/pair-under-test.js';

const OUTPUT = join(dirname(fileURLToPath(import.meta.url)), '../output/page');

const DESKTOP: Sight = { width: 1_400, height: 900, colorScheme: 'light' };
const PHONE: Sight = { width: 360, height: 740, colorScheme: 'light' };
const SIGHTS: Readonly<Record<string, Sight>> = {
  'desktop-light': DESKTOP,
  'desktop-dark': { ...DESKTOP, colorScheme: 'dark' },
  'phone-light': PHONE,
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
};

const PEOPLE = 20;

describe('the page', () => {
  const population = new Population('page');
  let test: PairUnderTest;
  let browser: BrowserUnderTest;
  let origin = '';
  before(async () => {
    await mkdir(OUTPUT, { recursive: true });
    test = await PairUnderTest.start();
    origin = `http://${test.http.graph}`;
    browser = await BrowserUnderTest.start();
  });
  after(async () => {
    await browser.stop();
    await test.stop();
  });

  /** Looks at the page; complaints and requests to others fail the test in the end. */
  async function looking(sight: Sight, use: (look: Look) => Promise<void>): Promise<void> {
    const look = await browser.look(sight);
    try {
      await use(look);
      assertQuiet(look, origin);
    } finally {
      await look.close();
    }
  }

  async function open(page: Page): Promise<void> {
    await page.goto(origin);
    await page.locator('#page').waitFor();
  }

  function iris(index: number) {
    return irisMessage(population.enrolment(population.person(index)));
  }

  async function enrolAndSearch(): Promise<void> {
    const enrolments = Array.from({ length: PEOPLE }, (_, index): ProcessRequest => ({
      requestId: String(index),
      request: { $case: 'enroll', value: { iris: iris(index), orList: [] } },
    }));
    await test.client.process(enrolments, ({ response }) => {
      assert.equal(response?.$case, 'enroll');
    });
    for (let index = 0; index < PEOPLE; index++) await test.client.search({ iris: iris(index), orList: [] });
  }

  async function state(): Promise<Snapshot> {
    const answer = await fetch(`${origin}/state.json`);
    return SNAPSHOT.parse(await answer.json());
  }

  /** Serves made-up snapshots, a second apart, instead of the pair's. */
  async function pretend(
    page: Page,
    response: PlacementResponse,
    more: Partial<Snapshot> = {},
  ): Promise<void> {
    let snapshots = 40;
    await page.route('**/state.json', async (route) => {
      snapshots += 1;
      await route.fulfill({ json: SNAPSHOT.parse(madeUpSnapshot(response, snapshots, more)) });
    });
  }

  async function text(page: Page, selector: string): Promise<string> {
    return (await page.locator(selector).first().innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Nothing is wider than the screen. */
  async function assertFits(page: Page, { width }: Sight): Promise<void> {
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
  }

  it('shows a pair at work: the decision, the nodes, the hop, waterfalls', async () => {
    await looking(DESKTOP, async ({ page }) => {
      await open(page);
      const { placement, decision } = await state();
      assert.match(await text(page, '#placement'), new RegExp(`Placement: ${decision.placement}`));
      assert.ok((await text(page, '.reason')).toLowerCase().startsWith(decision.reason.toLowerCase()));
      await page.locator('.service.iris').waitFor();
      assert.equal(await page.locator('.node').count(), placement.nodes.length);
      assert.equal(
        await page.locator('.cpu').count(),
        placement.nodes.reduce((sum, { cpus }) => sum + cpus.length, 0),
      );
      assert.match(await text(page, '.node .pieces'), /left irises.*MiB/);
      await page.locator('.hop[data-flow=still]').waitFor();
      await enrolAndSearch();
      await page.locator('.hop[data-flow=flowing]').waitFor();
      await until('the rate rises', async () => {
        await test.client.search({ iris: iris(1), orList: [] });
        return Number(await page.locator('#hop-rate').getAttribute('data-rate')) > 1;
      });
      for (const stage of ['transit_out', 'queue', 'compute', 'transit_back', 'round_trip'])
        assert.match(await text(page, `.stage-table tr.${stage}`), /\d (µs|ms)/);
      await page.locator('#slow-requests summary').first().click();
      const waterfall = await text(page, '#slow-requests details[open]');
      assert.match(
        waterfall,
        /waiting for the batch.*upload of probes.*searches.*left, normal.*right, mirror/,
      );
      await page.screenshot({ path: join(OUTPUT, 'pair-1400.png'), fullPage: true });
    });
  });

  it('tells no more than its description says, and nothing about people', async () => {
    const { slowRequests, hop, work } = await state();
    assert.ok(slowRequests.some(({ kind }) => kind === 'enroll'));
    assert.ok(slowRequests.some(({ searches }) => searches.length === 4));
    assert.ok(hop !== null && hop.hops > 0);
    assert.deepEqual([work?.enrolled, work?.method], [PEOPLE, 'walk']);
  });

  it('is used with the keyboard alone', async () => {
    await looking(DESKTOP, async ({ page }) => {
      await pretend(page, twoNodes());
      await open(page);
      await page.locator('#slow-requests summary').nth(1).waitFor();
      const reached: string[] = [];
      for (let press = 0; press < 20; press++) {
        await page.keyboard.press('Tab');
        const focused = page.locator('body :focus');
        if ((await focused.count()) === 0) break;
        reached.push((await focused.innerText()).slice(0, 7).trim());
        const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outline');
        assert.match(outline, /solid 3px/);
      }
      assert.deepEqual(reached, ['To the', 'Pause', 'Threads', 'Threads', 'enroll', 'verify,']);
      await page.locator('#slow-requests summary').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('#slow-requests details[open] .waterfall').waitFor();
      await page.locator('.threads summary').first().focus();
      await page.keyboard.press('Enter');
      assert.match(await text(page, '.threads[open]'), /graph node x 4 0-1,3 0-3 12/);
      // What is opened and has the focus stays so when the next figures come.
      const before = await page.locator('#work').innerText();
      await until('the next figures', async () => (await page.locator('#work').innerText()) !== before);
      assert.equal(await page.locator('.threads[open] :focus').count(), 1);
      await page.locator('#pause').focus();
      await page.keyboard.press('Enter');
      assert.equal(await page.locator('#connection').innerText(), 'paused');
      await page.keyboard.press('Enter');
      await page.locator('#connection', { hasText: 'live' }).waitFor();
    });
  });

  it('draws two nodes with the hop between them, on desktop and phone, light and dark', async () => {
    for (const [name, sight] of Object.entries(SIGHTS)) {
      await looking(sight, async ({ page }) => {
        await pretend(page, twoNodes());
        await open(page);
        await page.locator('.hop[data-flow=flowing]').waitFor();
        await page.locator('#slow-requests summary').first().click();
        assert.deepEqual(await page.locator('.card h2').allInnerTexts(), [
          'Node 0\ngraph service',
          'The hop',
          'Node 1\niris service',
        ]);
        assert.match(
          await text(page, '.node[data-node="1"]'),
          /232 with irises, 10 with other things, 270 free of 512/,
        );
        assert.match(await text(page, '.service.graph'), /local memory 95\.0 %/);
        const boxes = await Promise.all(
          (await page.locator('.card').all()).map((card) => card.boundingBox()),
        );
        assert.equal(new Set(boxes.map((box) => box?.y)).size, sight.width > 1_000 ? 1 : 3);
        await assertFits(page, sight);
        await page.screenshot({ path: join(OUTPUT, `two-nodes-${name}.png`), fullPage: true });
      });
    }
  });

  it('draws one node, and machines of many CPUs', async () => {
    const many = twoNodes();
    const cpus = ['0-47,96-143', '48-95,144-191'];
    const large = { ...many, nodes: many.nodes.map((node, place) => ({ ...node, cpus: cpus[place] })) };
    const one = oneNode();
    for (const [name, response] of [
      ['one-node', one],
      ['many-cpus', large],
    ] as const) {
      for (const sight of [DESKTOP, PHONE]) {
        await looking(sight, async ({ page }) => {
          await pretend(page, response);
          await open(page);
          await page.locator('.node').first().waitFor();
          assert.equal(await page.locator('.node').count(), response.nodes.length);
          await assertFits(page, sight);
          await page.screenshot({ path: join(OUTPUT, `${name}-${sight.width}.png`), fullPage: true });
        });
      }
    }
  });

  it('says what was tried and refused, and what the kernel does not tell', async () => {
    await looking(PHONE, async ({ page }) => {
      const response = twoNodes();
      const refused = [segment('plain', 232 * MIB, ['no hugepage free on node 1'])];
      const parts = [
        irises(MemoryUse.LEFT_IRISES, memory({ 1: 232 * MIB }), refused),
        irises(MemoryUse.RIGHT_IRISES, untold('move_pages: Operation not permitted')),
      ];
      await pretend(page, { ...response, services: [response.services[0], irisService({ parts })] });
      await open(page);
      const node = await text(page, '.node[data-node="1"]');
      assert.match(node, /left irises, plain pages, bind policy 232 MiB/);
      assert.match(node, /left irises: no hugepage free on node 1/);
      assert.match(node, /iris service: right irises not told: move_pages: Operation not permitted/);
      assert.match(await text(page, '.service.iris'), /local memory not told/);
      await assertFits(page, PHONE);
    });
  });

  it('does not move for those who asked for less motion', async () => {
    await looking({ ...DESKTOP, reducedMotion: 'reduce' }, async ({ page }) => {
      await pretend(page, twoNodes());
      await open(page);
      await page.locator('.hop[data-flow=flowing]').waitFor();
      assert.equal(await page.evaluate('document.getAnimations().length'), 0);
    });
  });

  it('says while the graph is loaded or catches up, or the store is away, that it is so', async () => {
    await looking(PHONE, async ({ page }) => {
      await pretend(
        page,
        { ...twoNodes(), irisAway: 'the iris service is away: it is loading' },
        {
          state: {
            notReady: 'the graph is catching up with the iris service',
            storeAway: 'the database is away',
            catchUp: { done: 1_200, all: 50_000 },
          },
          work: null,
          hop: null,
          slowRequests: [],
        },
      );
      await open(page);
      const notices = await text(page, '#notices');
      assert.match(
        notices,
        /not ready: the graph is catching up with the iris service \(1,200 of 50,000 irises\)/,
      );
      assert.match(notices, /Enrolments are refused: the database is away/);
      assert.equal(await page.locator('#readiness').innerText(), 'not ready');
      await assertFits(page, PHONE);
      await page.screenshot({ path: join(OUTPUT, 'not-ready-360.png'), fullPage: true });
    });
  });

  it('goes on while the iris service is away, and when it is back', async () => {
    await looking(DESKTOP, async ({ page }) => {
      await open(page);
      await page.locator('#readiness', { hasText: /^ready$/ }).waitFor();
      await test.pair.kill('iris', 'SIGKILL');
      await page.locator('#notices', { hasText: 'The graph service is not ready' }).waitFor();
      assert.equal(await page.locator('#connection').innerText(), 'live');
      test.pair.startService('iris');
      await page.locator('#readiness', { hasText: /^ready$/ }).waitFor();
      await page.locator('#notices:empty').waitFor({ state: 'attached' });
    });
  });

  it('says when the graph service is gone, and finds it again', async () => {
    const look = await browser.look(DESKTOP);
    const { page } = look;
    await open(page);
    await page.locator('#connection', { hasText: 'live' }).waitFor();
    await test.pair.kill('graph', 'SIGTERM');
    await page.locator('#connection', { hasText: 'connection lost' }).waitFor();
    assert.equal(await page.locator('#readiness').isVisible(), false);
    assert.match(await text(page, '#notices'), /connection to the graph service is lost.*tried again/);
    await page.screenshot({ path: join(OUTPUT, 'lost-1400.png') });
    test.pair.startService('graph');
    await page.locator('#connection', { hasText: 'live' }).waitFor();
    await page.locator('#readiness', { hasText: /^ready$/ }).waitFor();
    await page.locator('#notices:empty').waitFor({ state: 'attached' });
    // The browser notes each request that found nobody; there is nothing else to complain of.
    assert.deepEqual(
      look.complaints.filter((complaint) => !complaint.includes('ERR_CONNECTION_REFUSED')),
      [],
    );
    await look.close();
  });
});
