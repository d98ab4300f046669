/**
 * Frames: what goes over a link. Each is a header of 32 bytes and a payload; docs/party-links.md has the layout.
 *
 * Every field is checked here, once: what a reader hands on is whole, from the party at the other end, and of a size that
 * its kind may have. What is not ends the connection.
 */
import type { PartyIndex } from '@irispair/common/parties/party';
import { RUN_NAME_BYTES } from '@irispair/common/parties/run-name';

/** Version of the frames; both ends speak the same one. */
export const LINK_VERSION = 1;
/** Bytes before the payload. */
export const HEADER_BYTES = 32;
/** Bytes of the longest reason that is told to another party. */
export const MOST_REASON_BYTES = 512;
/** Bytes of a seed's payload: epoch u64, seed. */
export const SEED_PAYLOAD_BYTES = 40;

const HIGHEST_U32 = 0xffff_ffff;
const AT = { version: 0, kind: 1, sender: 2, zero: 3, name: 4, step: 20, sequence: 24, length: 28 } as const;

/** What a frame is. */
export enum FrameKind {
  /** The first of each end: who speaks. */
  Hello = 1,
  /** What keys of runs are made of. */
  Seed = 2,
  /** A message of a run. */
  Data = 3,
  /** A run has failed. */
  Abort = 4,
  /** A sign of life. */
  Ping = 5,
  /** The connection is not wanted; the payload says why. */
  Refuse = 6,
}

const KINDS = new Map<number, FrameKind>([
  [FrameKind.Hello, FrameKind.Hello],
  [FrameKind.Seed, FrameKind.Seed],
  [FrameKind.Data, FrameKind.Data],
  [FrameKind.Abort, FrameKind.Abort],
  [FrameKind.Ping, FrameKind.Ping],
  [FrameKind.Refuse, FrameKind.Refuse],
]);

/** One run of a protocol, called alike by all parties. */
export interface RunId {
  /** 16 bytes: the number of the batch, u64 little-endian, and 8 bytes of the parties' choice. */
  readonly name: Buffer;
  /** u32. */
  readonly step: number;
}

/** A frame that was checked. */
export interface Frame {
  readonly kind: FrameKind;
  /** All zero where the frame is of no run. */
  readonly run: RunId;
  /** Place of a message in its run, from 0. */
  readonly sequence: number;
  readonly payload: Buffer;
}

/** What frames of no run are under. */
export const NO_RUN: RunId = { name: Buffer.alloc(RUN_NAME_BYTES), step: 0 };

/** What came is no frame that the other end may send. Nothing after it can be believed. */
export class FramingError extends Error {}

/** A kind: the sizes that its payload may have, and whether it is of a run. */
interface KindRule {
  readonly word: string;
  readonly least: number;
  readonly most: number;
  readonly isOfRun: boolean;
}

/** @throws RangeError when it is not 16 bytes and a u32 */
export function runId(name: Uint8Array, step: number): RunId {
  if (name.byteLength !== RUN_NAME_BYTES) {
    throw new RangeError(`a run's name of ${name.byteLength} bytes: give ${RUN_NAME_BYTES}`);
  }
  if (!Number.isInteger(step) || step < 0 || step > HIGHEST_U32) {
    throw new RangeError(`step ${step} of a run: give an integer from 0 to ${HIGHEST_U32}`);
  }
  return { name: Buffer.from(name), step };
}

/** The run as a key of maps. */
export function runKey({ name, step }: RunId): string {
  return name.toString('latin1') + String(step);
}

/** The run for people. */
export function runInWords({ name, step }: RunId): string {
  return `run ${name.toString('hex')} step ${step}`;
}

/** The header of a frame. @param length bytes of the payload that follows */
export function frameHeader(
  kind: FrameKind,
  sender: PartyIndex,
  { name, step }: RunId,
  sequence: number,
  length: number,
): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header[AT.version] = LINK_VERSION;
  header[AT.kind] = kind;
  header[AT.sender] = sender;
  header[AT.zero] = 0;
  name.copy(header, AT.name);
  header.writeUInt32LE(step, AT.step);
  header.writeUInt32LE(sequence, AT.sequence);
  header.writeUInt32LE(length, AT.length);
  return header;
}

/** Puts frames together from the bytes of a connection, however they are cut. */
export class FrameReader {
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerFilled = 0;
  private kind = FrameKind.Ping;
  private payload: Buffer | undefined;
  private payloadFilled = 0;
  private readonly rules: Readonly<Record<FrameKind, KindRule>>;

  /**
   * @param sender who is at the other end
   * @param mostMessageBytes the longest message of a run
   */
  constructor(
    private readonly sender: PartyIndex,
    mostMessageBytes: number,
    private readonly receive: (frame: Frame) => void,
  ) {
    this.rules = {
      [FrameKind.Hello]: { word: 'hello', least: 0, most: 0, isOfRun: false },
      [FrameKind.Seed]: {
        word: 'seed',
        least: SEED_PAYLOAD_BYTES,
        most: SEED_PAYLOAD_BYTES,
        isOfRun: false,
      },
      [FrameKind.Data]: { word: 'data', least: 0, most: mostMessageBytes, isOfRun: true },
      [FrameKind.Abort]: {
        word: 'abort',
        least: 2,
        most: MOST_REASON_BYTES,
        isOfRun: true,
      },
      [FrameKind.Ping]: { word: 'ping', least: 0, most: 0, isOfRun: false },
      [FrameKind.Refuse]: { word: 'refuse', least: 1, most: MOST_REASON_BYTES, isOfRun: false },
    };
  }

  /** Takes the next bytes; hands on the frames that they complete. @throws FramingError */
  push(chunk: Buffer): void {
    let taken = 0;
    while (taken < chunk.byteLength) {
      if (this.payload === undefined) {
        taken += this.fillHeader(chunk, taken);
        if (this.headerFilled < HEADER_BYTES) return;
        this.payload = Buffer.allocUnsafe(this.checkHeader());
        this.payloadFilled = 0;
      }
      const copied = chunk.copy(this.payload, this.payloadFilled, taken);
      taken += copied;
      this.payloadFilled += copied;
      if (this.payloadFilled === this.payload.byteLength) this.handOn(this.payload);
    }
  }

  private fillHeader(chunk: Buffer, from: number): number {
    const copied = chunk.copy(this.header, this.headerFilled, from);
    this.headerFilled += copied;
    return copied;
  }

  private handOn(payload: Buffer): void {
    const { header } = this;
    this.payload = undefined;
    this.headerFilled = 0;
    this.receive({
      kind: this.kind,
      run: {
        name: Buffer.from(header.subarray(AT.name, AT.name + RUN_NAME_BYTES)),
        step: header.readUInt32LE(AT.step),
      },
      sequence: header.readUInt32LE(AT.sequence),
      payload,
    });
  }

  /** @returns the length of the payload */
  private checkHeader(): number {
    const { header } = this;
    if (header[AT.version] !== LINK_VERSION) {
      throw new FramingError(
        `it speaks version ${header[AT.version]} of the links, this service version ${LINK_VERSION}: run the same release at all parties`,
      );
    }
    const kind = KINDS.get(header[AT.kind]);
    if (kind === undefined) throw new FramingError(`a frame of the unknown kind ${header[AT.kind]}`);
    const rule = this.rules[kind];
    this.kind = kind;
    if (header[AT.sender] !== this.sender) {
      throw new FramingError(
        `a frame of party ${header[AT.sender]} on the link of party ${this.sender}: check IRISPAIR_PARTY and IRISPAIR_PARTIES there`,
      );
    }
    if (header[AT.zero] !== 0) throw new FramingError(`a ${rule.word} frame whose fourth byte is not zero`);
    const length = header.readUInt32LE(AT.length);
    if (length < rule.least || length > rule.most) {
      const allowed = rule.least === rule.most ? String(rule.most) : `${rule.least} to ${rule.most}`;
      throw new FramingError(`a ${rule.word} frame of ${length} bytes: ${allowed} are allowed`);
    }
    if (!rule.isOfRun && header.subarray(AT.name, AT.length).some((byte) => byte !== 0)) {
      throw new FramingError(`a ${rule.word} frame that names a run`);
    }
    return length;
  }
}
