import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NotFoundError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import { idOf } from '../support/ids.js';
import { Registry } from './registry.js';

/** What happens to people, by their place in the order of enrolment. */
const HISTORY = fc.array(
  fc.record({ what: fc.constantFrom('enrol', 'replace', 'delete'), place: fc.nat({ max: 30 }) }),
  { maxLength: 60 },
);

describe('the registry', () => {
  it('knows the current version of everybody, through any history, and after reading it anew', () => {
    fc.assert(
      fc.property(HISTORY, (history) => {
        const registry = new Registry();
        const people: { version: number; deleted: boolean }[] = [];
        for (const { what, place } of history) {
          if (what === 'enrol') people.push({ version: 0, deleted: false });
          const index = what === 'enrol' ? people.length - 1 : place;
          if (index >= people.length || people[index].deleted) continue;
          if (what !== 'enrol') people[index].version += 1;
          people[index].deleted = what === 'delete';
          registry.set({ id: idOf(index + 1, people[index].version), deleted: what === 'delete' });
        }
        const again = new Registry();
        again.reset([{ id: idOf(9), deleted: true }]);
        again.reset(registry.all());
        for (const one of [registry, again]) {
          assert.equal(one.highest, people.length);
          assert.equal(one.next, people.length + 1);
          assert.equal(one.live, people.filter(({ deleted }) => !deleted).length);
          const expected = people.map(({ version, deleted }, index) => ({
            id: idOf(index + 1, version),
            deleted,
          }));
          assert.deepEqual(one.all(), expected);
          for (const { id, deleted } of expected) {
            assert.deepEqual(one.find(id.serialId), deleted ? undefined : id);
          }
        }
      }),
    );
  });

  it('may be told the same twice', () => {
    const registry = new Registry();
    registry.set({ id: idOf(1), deleted: false });
    for (let time = 0; time < 2; time++) registry.set({ id: idOf(2, 1), deleted: true });
    assert.deepEqual([registry.live, registry.highest], [1, 2]);
  });

  it('knows who was current at a moment and still is, until it is read anew', () => {
    const registry = new Registry();
    registry.reset([1, 2, 3].map((serial) => ({ id: idOf(serial), deleted: false })));
    const moment = registry.moment();
    registry.set({ id: idOf(2, 1), deleted: false });
    registry.set({ id: idOf(3, 1), deleted: true });
    registry.set({ id: idOf(4), deleted: false });
    const isCurrent = (serial: number, version = 0) => registry.isCurrentSince(idOf(serial, version), moment);
    assert.deepEqual([isCurrent(1), isCurrent(1, 1)], [true, false]);
    assert.deepEqual([isCurrent(2), isCurrent(2, 1)], [false, false]);
    assert.deepEqual(
      [isCurrent(3), isCurrent(3, 1), isCurrent(4), isCurrent(5)],
      [false, false, false, false],
    );
    const later = registry.moment();
    assert.deepEqual(
      [registry.isCurrentSince(idOf(2, 1), later), registry.isCurrentSince(idOf(4), later)],
      [true, true],
    );
    assert.equal(registry.remembers(moment), true);
    registry.reset(registry.all());
    assert.equal(registry.remembers(moment), false);
    assert.equal(registry.remembers(registry.moment()), true);
  });

  it('forgets moments before what it has no room to remember', () => {
    const registry = new Registry();
    registry.reset(Array.from({ length: 70_000 }, (_, index) => ({ id: idOf(index + 1), deleted: false })));
    const before = registry.moment();
    for (let serial = 1; serial <= 65_536; serial++) registry.set({ id: idOf(serial, 1), deleted: false });
    assert.equal(registry.remembers(before), true);
    assert.equal(registry.isCurrentSince(idOf(1, 1), before), false);
    registry.set({ id: idOf(70_000, 1), deleted: false });
    assert.equal(registry.remembers(before), false);
    assert.equal(registry.remembers(registry.moment()), true);
  });

  it('says why somebody cannot be found', () => {
    const registry = new Registry();
    registry.reset([
      { id: idOf(1), deleted: false },
      { id: idOf(2, 1), deleted: true },
    ]);
    assert.deepEqual(registry.get(serialId(1)), idOf(1));
    assert.throws(() => registry.get(serialId(2)), new NotFoundError('serial_id: 2 was deleted'));
    assert.throws(
      () => registry.get(serialId(3)),
      new NotFoundError('serial_id: 3 is unknown, the highest is 2'),
    );
    assert.equal(registry.find(3), undefined);
    assert.equal(registry.find(0), undefined);
  });
});
