/**
 * The same enrolments and searches in every scenario, and the only right answers to them.
 *
 * Newcomers are enrolled, sought and deleted again, so that each scenario finds the store as the first one did, but for
 * serial ids: answers name people.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import type { PairClient } from 'irispair/client/pair-client';
import { decisionName } from 'irispair/commands/bulk';
import { parseCapture, readLines } from 'irispair/input/ndjson';
import { GROUPS, PEOPLE_DIRECTORY, type GroupName } from '../people.js';

interface Visitor {
  /** Such as `person-7`. */
  readonly id: string;
  readonly iris: Iris;
}

type Call = 'enroll' | 'search';

/** Everybody, and who is enrolled under which serial id. */
export class Visitors {
  private readonly people = new Map<number, string>();

  private constructor(private readonly groups: ReadonlyMap<string, readonly Visitor[]>) {}

  static async read(): Promise<Visitors> {
    const groups = new Map<string, Visitor[]>();
    for (const name of Object.keys(GROUPS)) {
      const visitors: Visitor[] = [];
      for await (const line of readLines(join(PEOPLE_DIRECTORY, `${name}.ndjson`), parseCapture)) {
        if ('problem' in line) throw new Error(`${name}: ${line.problem}`);
        visitors.push(line.item);
      }
      groups.set(name, visitors);
    }
    return new Visitors(groups);
  }

  /** Enrols the residents, unless this machine's store has them. */
  async enrolResidents(client: PairClient): Promise<void> {
    if (this.people.size > 0) return;
    assert.deepEqual(await this.ask(client, 'enroll', 'residents'), expected('residents', 'unique'));
  }

  /** Asks everything; throws when an answer is wrong. */
  async checkAnswers(client: PairClient): Promise<void> {
    const before = (await client.status()).enrolled;
    assert.equal(before, GROUPS.residents.people);
    const answers = [
      ...(await this.ask(client, 'enroll', 'newcomers')),
      ...(await this.ask(client, 'enroll', 'returning')),
      ...(await this.ask(client, 'search', 'newcomersAgain')),
      ...(await this.ask(client, 'search', 'mirrored')),
      ...(await this.ask(client, 'search', 'strangers')),
    ];
    await this.deleteGroup(client, 'newcomers');
    answers.push(...(await this.ask(client, 'search', 'newcomersAgain')));
    assert.deepEqual(answers, [
      ...expected('newcomers', 'unique'),
      ...expected('returning', 'duplicate'),
      ...expected('newcomersAgain', 'duplicate'),
      ...expected('mirrored', 'mirror attack'),
      ...expected('strangers', 'unique'),
      ...expected('newcomersAgain', 'unique'),
    ]);
    assert.equal((await client.status()).enrolled, before);
  }

  /** Enrols people beyond the room that there is, while residents are sought; every search is to be answered rightly. */
  async checkSearchesWhileGrowing(client: PairClient): Promise<number> {
    let growing = true;
    let searches = 0;
    const searching = (async () => {
      while (growing) {
        assert.deepEqual(await this.ask(client, 'search', 'returning'), expected('returning', 'duplicate'));
        searches += GROUPS.returning.people;
      }
    })();
    const enrolling = this.ask(client, 'enroll', 'crowd').finally(() => {
      growing = false;
    });
    const [crowd] = await Promise.all([enrolling, searching]);
    assert.deepEqual(crowd, expected('crowd', 'unique'));
    return searches;
  }

  async deleteGroup(client: PairClient, name: GroupName): Promise<void> {
    const ids = new Set(this.group(name).map(({ id }) => id));
    const theirs = [...this.people].filter(([, id]) => ids.has(id)).map(([serialId]) => serialId);
    await Promise.all(theirs.map((serialId) => client.delete(serialId)));
    for (const serialId of theirs) this.people.delete(serialId);
  }

  /** One line for each of the group, such as `person-7: duplicate of person-7`. */
  private async ask(client: PairClient, call: Call, name: GroupName): Promise<string[]> {
    const visitors = this.group(name);
    const answers = new Map<string, string>();
    const requests = visitors.map(({ id, iris }): api.ProcessRequest => ({
      requestId: id,
      request: { $case: call, value: { iris: irisMessage(iris), orList: [] } },
    }));
    await client.process(requests, ({ requestId, response }) => {
      answers.set(requestId, this.describe(requestId, response));
    });
    return visitors.map(({ id }) => `${id}: ${answers.get(id) ?? 'no answer'}`);
  }

  private describe(id: string, response: api.ProcessResponse['response']): string {
    if (response?.$case === 'error') return response.value.message;
    if (response?.$case !== 'enroll' && response?.$case !== 'search') return 'another kind of answer';
    const { decision, matches } = response.value;
    if (response.$case === 'enroll' && response.value.serialId !== 0) {
      this.people.set(response.value.serialId, id);
    }
    const whom = matches.map(({ serialId }) => this.people.get(serialId) ?? `stranger ${serialId}`);
    return [decisionName(decision), ...whom].join(' of ');
  }

  private group(name: GroupName): readonly Visitor[] {
    return this.groups.get(name) ?? [];
  }
}

function expected(name: GroupName, decision: 'unique' | 'duplicate' | 'mirror attack'): string[] {
  const { first, people } = GROUPS[name];
  return Array.from({ length: people }, (_, offset) => {
    const person = `person-${first + offset}`;
    return decision === 'unique' ? `${person}: unique` : `${person}: ${decision} of ${person}`;
  });
}
