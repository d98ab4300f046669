/** The guest's program: runs the scenarios that the kernel's command line names, one after the other. */
import { readFileSync } from 'node:fs';
import { GuestPair } from './pair.js';
import { ScenarioReport, tellEnd } from './report.js';
import type { Scenario } from './scenario.js';
import { bindingForbidden, boundByCgroup, cpuset } from './scenarios/confined.js';
import {
  hugepagesOff,
  hugepagesRequired,
  noHugetlbfs,
  pagesOnTheWrongNode,
  tooFewPages,
} from './scenarios/hugepages.js';
import { nodeWithoutCpus, nodeWithoutMemory, oneNode } from './scenarios/lacking.js';
import { nodeSetup } from './scenarios/node-setup.js';
import { afterKill, gapInNumbering, growth, split } from './scenarios/split.js';
import { Visitors } from './visitors.js';

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  split,
  'after-kill': afterKill,
  growth,
  'no-hugetlbfs': noHugetlbfs,
  'too-few-pages': tooFewPages,
  'pages-on-the-wrong-node': pagesOnTheWrongNode,
  'hugepages-off': hugepagesOff,
  'hugepages-required': hugepagesRequired,
  'node-setup': nodeSetup,
  cpuset,
  'binding-forbidden': bindingForbidden,
  'bound-by-cgroup': boundByCgroup,
  'gap-in-numbering': gapInNumbering,
  'node-without-cpus': nodeWithoutCpus,
  'node-without-memory': nodeWithoutMemory,
  'one-node': oneNode,
};

const wanted = /irispair\.scenarios=(\S+)/.exec(readFileSync('/proc/cmdline', 'utf8'))?.[1] ?? '';
const pair = new GuestPair();
const visitors = await Visitors.read();
for (const name of wanted.split(',')) {
  const report = new ScenarioReport(name);
  const begun = Date.now();
  await report.check('runs to its end', () => SCENARIOS[name]({ pair, visitors, report }));
  await pair.stopIris();
  report.figure(`${Math.round((Date.now() - begun) / 1_000)} s`);
}
await pair.stop();
tellEnd();
