/** What the tests of the shared engine share: three parties in one process, and messages handed round. */
import { randomBytes, randomInt } from 'node:crypto';
import { CODE_BYTES, type Iris, type Template } from '@irispair/common/iris/template';
import { PARTIES, previousParty, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import { shareTemplate } from '../shares.js';
import { createSharedEngine } from '../shared-engine.js';
import type { ProtocolRun, RunKeys, SharedEngine } from '../shared-engine-types.js';
import { engineOptions } from './engines.js';

const COLUMNS = 200;
const ROWS = 16;
/** Bits of one column of one row. */
const BITS = 4;

/** A code whose neighbouring columns are alike, as real ones are, under a mask with an eyelid over the lowest rows. */
export function realisticTemplate(): Template {
  const irisCodes = Buffer.alloc(CODE_BYTES);
  const maskCodes = Buffer.alloc(CODE_BYTES);
  const covered = randomInt(0, 100);
  for (let row = 0; row < ROWS; row++) {
    const lid = row < 4 ? covered : 0;
    let bits = randomInt(0, 16);
    for (let column = 0; column < COLUMNS; column++) {
      // Each bit changes in one column of four.
      for (let bit = 0; bit < BITS; bit++) if (randomInt(0, 4) === 0) bits ^= 1 << bit;
      setColumn(irisCodes, row, column, bits);
      setColumn(maskCodes, row, column, column < lid ? 0 : 15);
    }
  }
  return { irisCodes, maskCodes };
}

/** A person who was captured before. */
export function realisticIris(): Iris {
  return { left: realisticTemplate(), right: realisticTemplate() };
}

/** The same iris captured again: one bit in `oneIn` differs, rolled right by `rotation` columns. */
export function recaptured({ left, right }: Iris, oneIn: number, rotation: number): Iris {
  const again = ({ irisCodes, maskCodes }: Template): Template => {
    const code = Buffer.alloc(CODE_BYTES);
    const mask = Buffer.alloc(CODE_BYTES);
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        const source = (column - rotation + COLUMNS) % COLUMNS;
        let bits = readColumn(irisCodes, row, source);
        for (let bit = 0; bit < BITS; bit++) if (randomInt(0, oneIn) === 0) bits ^= 1 << bit;
        setColumn(code, row, column, bits);
        setColumn(mask, row, column, readColumn(maskCodes, row, source));
      }
    }
    return { irisCodes: code, maskCodes: mask };
  };
  return { left: again(left), right: again(right) };
}

/** The iris as a mirrored picture shows it. */
export function mirrored({ left, right }: Iris): Iris {
  const flipped = ({ irisCodes, maskCodes }: Template): Template => {
    const code = Buffer.alloc(CODE_BYTES);
    const mask = Buffer.alloc(CODE_BYTES);
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        const source = column < 100 ? 99 - column : 299 - column;
        // The imaginary part of each wavelet is the lower bit of a pair.
        setColumn(code, row, column, readColumn(irisCodes, row, source) ^ 0b0101);
        setColumn(mask, row, column, readColumn(maskCodes, row, source));
      }
    }
    return { irisCodes: code, maskCodes: mask };
  };
  return { left: flipped(right), right: flipped(left) };
}

function place(row: number, column: number): [byte: number, shift: number] {
  const index = row * COLUMNS + column;
  return [index >> 1, index % 2 === 0 ? 4 : 0];
}

function readColumn(bytes: Uint8Array, row: number, column: number): number {
  const [byte, shift] = place(row, column);
  return (bytes[byte] >> shift) & 15;
}

function setColumn(bytes: Buffer, row: number, column: number, bits: number): void {
  const [byte, shift] = place(row, column);
  bytes[byte] = (bytes[byte] & ~(15 << shift)) | (bits << shift);
}

/** Each party's record of an iris. */
export function sharesOf({ left, right }: Iris): OfEachParty<Buffer> {
  const ofLeft = shareTemplate(left.irisCodes, left.maskCodes);
  const ofRight = shareTemplate(right.irisCodes, right.maskCodes);
  return perParty((party) => Buffer.concat([ofLeft[party], ofRight[party]]));
}

/** One of each party. */
export function perParty<Each>(make: (party: PartyIndex) => Each): OfEachParty<Each> {
  const [first, second, third] = PARTIES;
  return [make(first), make(second), make(third)];
}

/** Three engines, which know nothing of each other. */
export function startSharedEngines(
  initialCapacity: number,
  maximumCapacity: number,
): OfEachParty<SharedEngine> {
  return perParty((party) =>
    createSharedEngine({ ...engineOptions(initialCapacity, maximumCapacity), kernel: null, party }),
  );
}

/** Keys of one run, for each party. */
export function keysOfRun(): OfEachParty<RunKeys> {
  const pairs = perParty(() => randomBytes(16));
  return perParty((party) => ({ withNext: pairs[party], withPrevious: pairs[previousParty(party)] }));
}

/** Prepares the shares of irises with each party: by party, then by iris. */
export async function prepareShared(
  engines: OfEachParty<SharedEngine>,
  irises: readonly Iris[],
): Promise<OfEachParty<number[]>> {
  const shares = irises.map(sharesOf);
  const [first, second, third] = await Promise.all(
    engines.map((engine, party) => engine.prepareQueries(Buffer.concat(shares.map((each) => each[party])))),
  );
  return [first, second, third];
}

/** Enrols irises with each party under serial ids that follow each other, version 0. */
export async function enrolShared(
  engines: OfEachParty<SharedEngine>,
  irises: readonly Iris[],
  firstSerialId = 1,
): Promise<OfEachParty<number[]>> {
  const handles = await prepareShared(engines, irises);
  await Promise.all(engines.map((engine) => engine.reserve(irises.length)));
  engines.forEach((engine, party) => {
    handles[party].forEach((handle, index) => {
      engine.publish(firstSerialId + index, 0, engine.recordOfQuery(handle));
    });
  });
  return handles;
}

/** Hands messages round until all runs are over. */
export async function handRound<Answer>(
  runs: OfEachParty<ProtocolRun<Answer>>,
): Promise<{ answers: OfEachParty<Answer>; rounds: number; bytes: number }> {
  let received: OfEachParty<Uint8Array> = perParty(() => Buffer.alloc(0));
  let bytes = 0;
  for (let rounds = 0; ; rounds++) {
    const [first, second, third] = await Promise.all(runs.map((run, party) => run.advance(received[party])));
    if ('answer' in first && 'answer' in second && 'answer' in third) {
      return { answers: [first.answer, second.answer, third.answer], rounds, bytes };
    }
    if (!('message' in first && 'message' in second && 'message' in third)) {
      throw new Error('one party was over before the others');
    }
    received = [third.message, first.message, second.message];
    bytes += first.message.length + second.message.length + third.message.length;
  }
}
