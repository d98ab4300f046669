import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { NotFoundError } from '@irispair/common/errors/errors';
import { createEngine } from '@irispair/native/engine';
import type { IrisEngine } from '@irispair/native/engine-types';
import { packProbes } from '@irispair/native/records';
import { SMALL_ENGINE } from '../support/engine.js';
import { irisOf } from '../support/irises.js';
import { Sessions } from './sessions.js';

describe('sessions', () => {
  let engine: IrisEngine;
  beforeEach(() => {
    engine = createEngine(SMALL_ENGINE);
  });
  afterEach(() => engine.close());

  function prepare(...names: string[]): Promise<number[]> {
    return engine.prepareQueries(packProbes(names.map((name) => irisOf(name))));
  }

  it('free the queries of the one that leaves, and no others', async () => {
    const sessions = new Sessions(engine, 300);
    const [leaving, staying] = [sessions.join(), sessions.join()];
    sessions.hold(leaving, await prepare('a', 'b'));
    const kept = await prepare('c');
    sessions.hold(staying, kept);
    sessions.leave(leaving);
    assert.equal(engine.counters().queries, 1);
    assert.ok(engine.recordOfQuery(kept[0]));
    assert.throws(() => {
      sessions.check(leaving);
    }, NotFoundError);
    sessions.check(staying);
  });

  it('free at once what is prepared for a session that has ended meanwhile', async () => {
    const sessions = new Sessions(engine, 300);
    const session = sessions.join();
    const handles = await prepare('a');
    sessions.leave(session);
    assert.throws(() => {
      sessions.hold(session, handles);
    }, NotFoundError);
    assert.equal(engine.counters().queries, 0);
  });

  it('free what has expired and keep what has not', async () => {
    const short = new Sessions(engine, 0);
    short.hold(short.join(), await prepare('a', 'b'));
    const long = new Sessions(engine, 300);
    long.hold(long.join(), await prepare('c'));
    assert.equal(engine.counters().queries, 3);
    long.expire();
    assert.equal(engine.counters().queries, 3);
    short.expire();
    assert.equal(engine.counters().queries, 1);
  });

  it('ignore what was released before', async () => {
    const sessions = new Sessions(engine, 300);
    const session = sessions.join();
    const handles = await prepare('a');
    sessions.hold(session, handles);
    sessions.release(handles);
    sessions.release([...handles, 99]);
    sessions.leave(session);
    assert.equal(engine.counters().queries, 0);
  });

  it('refuse sessions that never were', () => {
    assert.throws(() => {
      new Sessions(engine, 300).check(1);
    }, /session 1 is not open: join again/);
  });

  it('see a client go when the engine has closed before', async () => {
    const sessions = new Sessions(engine, 300);
    const session = sessions.join();
    sessions.hold(session, await prepare('a'));
    sessions.close();
    await engine.close();
    sessions.leave(session);
  });
});
