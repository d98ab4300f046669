/**
 * Steps of searches on shares between three parties, each a process of its own with the engine and the links of the iris
 * service, at 0, 1 and 10 ms of delay on the way from one party to the next.
 */
import Table from 'cli-table3';
import { PARTIES, type OfEachParty } from '@irispair/common/parties/party';
import type { Iris } from '@irispair/common/iris/template';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { shareTemplate } from '@irispair/native/shares';
import { freePorts } from 'irispair/pair/free-port';
import { enrolments } from './pair/people.js';
import { Delay } from './parties/delay-line.js';
import type { Shape, Walked } from './parties/orders.js';
import { PartyProcess } from './parties/party-process.js';
import { Relay } from './parties/relay.js';
import { percentile } from './percentile.js';
import type { PartResult } from './results.js';

const DELAYS = [0, 1, 10];
const MOST_SEARCHES = 16;
const GALLERY = 8_192;
/** The gallery holds each many times over: what is read is memory of its own all the same. */
const DIFFERENT_PEOPLE = 256;
/** Steps of small batches are so short that a few in a row are measured. */
const BATCHES = [
  { batch: 128, steps: 4 },
  { batch: 512, steps: 4 },
  { batch: 2_048, steps: 1 },
  { batch: 8_192, steps: 1 },
];
const SHAPES: readonly Shape[] = [1, MOST_SEARCHES].flatMap((searches) =>
  BATCHES.map(({ batch, steps }) => ({ batch, searches, steps })),
);
const ROUNDS = 7;
/** No round begins later, counted from the first one's begin. */
const LONGEST_MILLISECONDS = 120_000;

/** What one shape at one delay came to once. */
interface Sample {
  readonly shape: Shape;
  readonly delay: number;
  readonly walked: readonly Walked[];
  /** Mean of what the relays added, in milliseconds. */
  readonly added: number;
}

/** Medians of the rounds, of the average party. */
interface PartiesFigure extends Omit<Shape, 'steps'> {
  readonly delay: number;
  readonly delaySeen: number;
  readonly stepMilliseconds: number;
  readonly comparisonsPerSecond: number;
  /** By the CPU time of one party. */
  readonly comparisonsPerSecondPerCore: number;
  /** Of the CPU time. */
  readonly dotsShare: number;
  readonly rounds: number;
  readonly bytesPerComparison: number;
  /** Of a step's time: its run waits for a message. */
  readonly waitingShare: number;
  /** Of the time: every run of a party does. */
  readonly idleShare: number;
}

/** Starts three parties and takes turns between delays and shapes. */
export async function runPartiesBench(): Promise<PartResult> {
  const shares = sharesOf(enrolments(MOST_SEARCHES + DIFFERENT_PEOPLE));
  const delay = new Delay();
  const certificates = await PartyCertificates.make();
  const ports = await freePorts(PARTIES.length);
  const relays = await Promise.all(ports.map((port) => Relay.listen(port, delay)));
  const parties = PARTIES.map((party) =>
    PartyProcess.start({
      ...certificates.settings(party),
      IRISPAIR_PARTIES: relays.map(({ address }) => address).join(','),
      BENCH_LISTEN: `127.0.0.1:${ports[party]}`,
    }),
  );
  try {
    await Promise.all(
      parties.map((party, index) =>
        party.hold({ kind: 'hold', records: shares[index], gallery: GALLERY, searches: MOST_SEARCHES }),
      ),
    );
    const samples = await measure(parties, delay);
    const figures = SHAPES.flatMap((shape) => DELAYS.map((one) => figureOf(shape, one, samples)));
    return { figures, text: partiesTable(figures) };
  } finally {
    await Promise.all(parties.map((party) => party.stop()));
    await Promise.all(relays.map((relay) => relay.close()));
    await certificates.remove();
  }
}

/** Each party's records of both eyes, one after the other. */
function sharesOf(irises: readonly Iris[]): OfEachParty<Buffer> {
  const shared = irises.map(({ left, right }) =>
    [left, right].map(({ irisCodes, maskCodes }) => shareTemplate(irisCodes, maskCodes)),
  );
  const [first, second, third] = PARTIES.map((party) =>
    Buffer.concat(shared.flatMap((eyes) => eyes.map((shares) => shares[party]))),
  );
  return [first, second, third];
}

/** Rounds of everything, the first of which warms up and does not count. */
async function measure(parties: readonly PartyProcess[], delay: Delay): Promise<Sample[]> {
  const samples: Sample[] = [];
  await round(parties, delay);
  const begin = performance.now();
  for (let count = 0; count < ROUNDS && performance.now() - begin < LONGEST_MILLISECONDS; count++) {
    samples.push(...(await round(parties, delay)));
  }
  return samples;
}

async function round(parties: readonly PartyProcess[], delay: Delay): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const shape of SHAPES) {
    for (const milliseconds of DELAYS) {
      delay.milliseconds = milliseconds;
      delay.takeMean();
      const walked = await Promise.all(parties.map((party) => party.walk({ kind: 'walk', ...shape })));
      samples.push({ shape, delay: milliseconds, walked, added: delay.takeMean() });
    }
  }
  return samples;
}

function figureOf(shape: Shape, delay: number, samples: readonly Sample[]): PartiesFigure {
  const { batch, searches, steps } = shape;
  const own = samples.filter((sample) => sample.shape === shape && sample.delay === delay);
  const median = (value: (walked: Walked) => number) =>
    percentile(
      own.map(({ walked }) => walked.reduce((sum, one) => sum + value(one), 0) / walked.length),
      0.5,
    );
  const comparisons = batch * searches * steps;
  return {
    batch,
    searches,
    delay,
    delaySeen: percentile(
      own.map(({ added }) => added),
      0.5,
    ),
    stepMilliseconds: median(({ time }) => time / steps),
    comparisonsPerSecond: comparisons / (median(({ time }) => time) / 1_000),
    comparisonsPerSecondPerCore: comparisons / (median(({ cpu }) => cpu) / 1_000),
    dotsShare: median(({ dots, cpu }) => dots / cpu),
    rounds: median(({ rounds }) => rounds / searches / steps),
    bytesPerComparison: median(({ bytesSent }) => bytesSent / comparisons),
    waitingShare: median(({ waited, time }) => waited / searches / time),
    idleShare: median(({ idle, time }) => idle / time),
  };
}

function partiesTable(figures: readonly PartiesFigure[]): string {
  const table = new Table({
    head: [
      'searches',
      'batch',
      'delay ms (seen)',
      'step ms',
      'comparisons/s',
      'a core of a party',
      'dots of CPU',
      'rounds',
      'bytes each',
      'a run waits',
      'all wait',
    ],
    style: { head: [], border: [] },
  });
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  for (const figure of figures) {
    table.push([
      figure.searches,
      figure.batch,
      `${figure.delay} (${figure.delaySeen.toFixed(1)})`,
      figure.stepMilliseconds.toFixed(1),
      figure.comparisonsPerSecond.toFixed(0),
      figure.comparisonsPerSecondPerCore.toFixed(0),
      percent(figure.dotsShare),
      figure.rounds,
      figure.bytesPerComparison.toFixed(1),
      percent(figure.waitingShare),
      percent(figure.idleShare),
    ]);
  }
  return `evaluate at 11 rotations, nothing enters; three parties on this machine\n${table.toString()}`;
}
