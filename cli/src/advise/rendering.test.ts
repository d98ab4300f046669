import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DOMParser } from '@xmldom/xmldom';
import { madeUpReport, type MadeUpPlacement } from '../support/made-up-advice.js';
import { drawReport } from './html.js';
import type { AdviseReport } from './report.js';
import { summarise } from './summary.js';
import { describeReport } from './tables.js';

const SPLIT: MadeUpPlacement = { placement: 'split', rates: [121, 118, 125], p99: 60 };
const SHARED: MadeUpPlacement = { placement: 'shared', rates: [100, 99, 103] };
const OFF: MadeUpPlacement = { placement: 'off', rates: [98, 97, 99] };

const REPORTS: Readonly<Record<string, AdviseReport>> = {
  'all placements': madeUpReport([SPLIT, SHARED, OFF]),
  'one round': madeUpReport([{ ...OFF, rates: [98] }]),
  'no steals': madeUpReport([{ ...OFF, stealsPerTask: 0, remotePages: null }]),
  'nothing measured': summarise({ ...madeUpReport([OFF]), runs: [], capacity: [], partial: 'interrupted' }),
};

function parse(page: string) {
  const complaints: string[] = [];
  const parsed = new DOMParser({
    onError: (level, message) => complaints.push(`${level}: ${message}`),
  }).parseFromString(page, 'application/xhtml+xml');
  assert.deepEqual(complaints, []);
  return parsed;
}

describe('the page', () => {
  for (const [title, report] of Object.entries(REPORTS)) {
    it(`is well-formed and loads nothing: ${title}`, () => {
      const page = drawReport(report);
      const parsed = parse(page);
      for (const name of ['script', 'link', 'img', 'iframe', 'image', 'use']) {
        assert.equal(parsed.getElementsByTagName(name).length, 0, name);
      }
      assert.doesNotMatch(
        page.replaceAll('http://www.w3.org/1999/xhtml', ''),
        /https?:|url\(|@import|src=|NaN|Infinity|undefined/,
      );
      assert.match(page, /prefers-color-scheme: dark/);
      assert.match(page, /width=device-width/);
    });
  }

  it('marks the row of the machine, and says its advice first', () => {
    const report = REPORTS['all placements'];
    const page = drawReport(report);
    const marked = Array.from(parse(page).getElementsByTagName('tr')).filter(
      (row) => row.getAttribute('class') === 'here',
    );
    assert.equal(marked.length, 1);
    assert.match(marked[0].textContent ?? '', /separate: a clear benefit.*here \(baseline, stress\)/);
    assert.ok(page.indexOf(report.advice.sentence) < page.indexOf('<h2>'));
  });

  it('shows every placement, and text as text', () => {
    const page = drawReport(REPORTS['all placements']);
    for (const placement of ['split', 'shared', 'off'])
      assert.match(page, new RegExp(`class="bar ${placement}"`));
    assert.match(page, /Made-up &#60;CPU&#62; &#38; &#34;sons&#34;/);
  });

  it('says that it is partial', () => {
    assert.match(drawReport(REPORTS['nothing measured']), /class="partial">Partial: interrupted/);
  });
});

describe('the tables', () => {
  it('end with the advice, after the table with the machine’s row marked', () => {
    const report = REPORTS['all placements'];
    const text = describeReport(report);
    assert.equal(text.split('\n').at(-1), report.advice.sentence);
    const marked = text.split('\n').filter((line) => line.includes('<== here'));
    assert.equal(marked.length, 1);
    assert.match(marked[0], /> 15 % ●.*> 40 % ●.*> 25 % ●.*separate.*<== here, baseline, stress/);
  });

  it('show means with intervals side by side', () => {
    const text = describeReport(REPORTS['all placements']);
    assert.match(
      text,
      /answers\/s +│ 121\.3 \[112\.6, 130\.1\] +│ 100\.7 \[95\.5, 105\.8\] +│ 98\.0 \[95\.5, 100\.5\]/,
    );
    assert.match(text, /answers\/s, stress +│ split against shared +│ \+20\.5 % \[.*\]: a gain/);
  });

  it('tell of nothing that was not measured', () => {
    const text = describeReport(REPORTS['nothing measured']);
    assert.match(text, /^PARTIAL: interrupted/);
    assert.equal(text.match(/^not measured$/gm)?.length, 4);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });
});
