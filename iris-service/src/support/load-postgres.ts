/**
 * Run alone: loads a table of irises into an engine and prints, as JSON, how many irises it loaded and how much memory that
 * took beside the arenas, which are mapped and populated before.
 *
 *   node load-postgres.js URL CAPACITY
 */
import { createLogger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { createEngine } from '@irispair/native/engine';
import { PostgresIrisStore } from '../store/postgres-iris-store.js';
import { SMALL_ENGINE } from './engine.js';

const [, , url, capacity] = process.argv;
const store = await PostgresIrisStore.open({
  address: readPostgresUrl(url, undefined),
  identity: { mode: 'plain', party: null, formatVersion: 1, columns: 200 },
  skipBadRows: false,
  loadConnections: 4,
  logger: createLogger('iris', 'error'),
});
const initialCapacity = Number(capacity);
const engine = createEngine({
  ...SMALL_ENGINE,
  arena: { ...SMALL_ENGINE.arena, initialCapacity, maximumCapacity: initialCapacity },
});
const before = process.memoryUsage.rss();
let loaded = 0;
await store.loadInto(engine, {
  begin: () => undefined,
  loaded: () => {
    loaded += 1;
  },
});
const highest = process.resourceUsage().maxRSS * 1_024;
console.log(JSON.stringify({ loaded, bytes: highest - before }));
await store.close();
await engine.close();
