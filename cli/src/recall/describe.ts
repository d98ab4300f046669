/** A measurement of recall for people and for programs. */
import * as api from '@irispair/proto/public';
import { table } from '../output/print.js';

/** Whether fewer people were found than wanted, by the ef in use. */
export function missesTarget(result: api.RecallResult, target: number): boolean {
  const people = inUse(result)?.people;
  return people !== undefined && people.expected > 0 && people.share < target;
}

/** In lines: a table by ef, and what follows from it. */
export function describeRecall(result: api.RecallResult, target: number): string {
  const { graph, captures, withoutMatch } = result;
  const rows = result.measured.map(({ ef, people, eyes, candidates }) => [
    ef === graph?.ef ? `${ef} (in use)` : String(ef),
    `${people?.found ?? 0} of ${people?.expected ?? 0}`,
    percent(people?.share),
    `${percent(people?.lower)} - ${percent(people?.upper)}`,
    percent(eyes?.share),
    candidates.toFixed(0),
  ]);
  const lines = [
    table(['ef', 'people found', 'recall', '95 % interval', 'one eye alone', 'irises a walk'], rows),
    `${captures} captures, ${withoutMatch} of them match nobody; graph of ${graph?.nodes ?? 0} with M ${graph?.neighbours ?? 0}, M_max ${graph?.maximumNeighbours ?? 0}`,
    adviceInWords(result, target),
  ];
  if (result.index === api.IndexMode.EXACT)
    lines.push('searches are scans at present, which miss nobody: the figures are those of walks');
  return lines.join('\n');
}

/** The same as one line of JSON. */
export function recallJson(result: api.RecallResult, plan: api.RecallPlan): string {
  const { graph, captures, withoutMatch, measured, index } = result;
  return JSON.stringify({
    captures,
    without_match: withoutMatch,
    made_up: plan.samples > 0,
    target: plan.target,
    target_missed: missesTarget(result, plan.target),
    index: index === api.IndexMode.HNSW ? 'hnsw' : 'exact',
    graph: { m: graph?.neighbours, m_max: graph?.maximumNeighbours, ef: graph?.ef, nodes: graph?.nodes },
    measured,
    advice: api.RecallAdvice[result.advice].toLowerCase(),
    suggested: {
      m: result.suggestedNeighbours,
      m_max: result.suggestedMaximumNeighbours,
      ef: result.suggestedEf,
    },
  });
}

function inUse({ measured, graph }: api.RecallResult): api.RecallAtEf | undefined {
  return measured.find(({ ef }) => ef === graph?.ef);
}

function adviceInWords(result: api.RecallResult, target: number): string {
  const { advice, suggestedEf, suggestedNeighbours, suggestedMaximumNeighbours } = result;
  const wanted = percent(target);
  const measured = result.measured.find(({ ef }) => ef === suggestedEf)?.people;
  const proven =
    measured !== undefined && measured.lower >= target
      ? 'the whole interval lies above it'
      : 'the interval reaches below it: measure with more captures to be sure';
  switch (advice) {
    case api.RecallAdvice.KEEP:
      return `${wanted} is reached with the ef in use; ${proven}`;
    case api.RecallAdvice.EF:
      return `${wanted} is reached with IRISPAIR_EF=${suggestedEf}, which takes a restart of the graph service alone; ${proven}`;
    case api.RecallAdvice.REBUILD:
      return (
        `${wanted} is reached by none of these ef: build the graph anew with IRISPAIR_M=${suggestedNeighbours} ` +
        `IRISPAIR_M_MAX=${suggestedMaximumNeighbours} IRISPAIR_EF=${suggestedEf}, the defaults of a larger size, which were ` +
        'not measured here, in an empty graph store; it is rebuilt from the irises'
      );
    case api.RecallAdvice.UNKNOWN:
    case api.RecallAdvice.UNSPECIFIED:
      return 'no capture matches anybody who is enrolled: nothing can be said about recall';
  }
}

function percent(share: number | undefined): string {
  return `${(100 * (share ?? 0)).toFixed(2)} %`;
}
