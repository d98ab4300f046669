/** People with realistic irises, and new captures of them. Everything depends on the seed and the indices alone. */
import type { Iris, Template } from '@irispair/common/iris/template';
import { CODE_BYTES } from '@irispair/common/iris/template';
import {
  cellOf,
  COLUMNS,
  disturb,
  drawField,
  PARTS,
  ROWS,
  WAVELETS,
  type Field,
} from '@irispair/common/iris/field';
import { Keystream } from '@irispair/common/iris/keystream';

/** What the draws of a keystream are for. */
enum Purpose {
  Texture = 1,
  Capture = 2,
  Occlusion = 3,
}

/** One person's eyes before any capture. */
export interface Person {
  readonly index: number;
  readonly left: Field;
  readonly right: Field;
}

/** Genuine captures are mostly this far from the enrolled one. */
const LEAST_FHD = 0.05;
const MOST_FHD = 0.3;
const FARTHEST_ROTATION = 5;

/** A population. */
export class Population {
  constructor(private readonly seed: string) {}

  /** The person of an index from 0. */
  person(index: number): Person {
    const field = (side: number) => drawField(this.random(index, side, Purpose.Texture, 0));
    return { index, left: field(0), right: field(1) };
  }

  /** The capture that is enrolled: undisturbed, unrotated, with its own occlusion. */
  enrolment({ index, left, right }: Person): Iris {
    return {
      left: capture(left, 0, this.random(index, 0, Purpose.Occlusion, 0)),
      right: capture(right, 0, this.random(index, 1, Purpose.Occlusion, 0)),
    };
  }

  /** A later capture: noise, one rotation for both eyes, another occlusion. @param again from 1, one a capture */
  again({ index, left, right }: Person, again: number): Iris {
    const both = this.random(index, 2, Purpose.Capture, again);
    const rotation = both.integer(-FARTHEST_ROTATION, FARTHEST_ROTATION);
    const eye = (field: Field, side: number): Template => {
      const random = this.random(index, side, Purpose.Capture, again);
      const fhd = (random.uniform(LEAST_FHD, MOST_FHD) + random.uniform(LEAST_FHD, MOST_FHD)) / 2;
      const disturbed = disturb(field, Math.cos(Math.PI * fhd), random);
      return capture(disturbed, rotation, this.random(index, side, Purpose.Occlusion, again));
    };
    return { left: eye(left, 0), right: eye(right, 1) };
  }

  private random(person: number, side: number, purpose: Purpose, again: number): Keystream {
    return new Keystream(this.seed, [person, again, side + 4 * purpose]);
  }
}

/** Signs of a field, its columns rolled right by `rotation`, under an occlusion. */
function capture(field: Field, rotation: number, random: Keystream): Template {
  const irisCodes = new Uint8Array(CODE_BYTES);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const source = (column - rotation + COLUMNS) % COLUMNS;
      for (let pixel = 0; pixel < WAVELETS * PARTS; pixel++) {
        const bit = cellOf(row, column, 0, 0) + pixel;
        if (field[cellOf(row, source, 0, 0) + pixel] > 0) irisCodes[bit >> 3] |= 0x80 >> (bit & 7);
      }
    }
  }
  const maskCodes = occlusion(random);
  hideTexture(irisCodes, maskCodes, random);
  return { irisCodes, maskCodes };
}

/** Under an eyelid there is no iris: the code says something else there in every capture. */
function hideTexture(irisCodes: Uint8Array, maskCodes: Uint8Array, random: Keystream): void {
  const noise = new Uint8Array(random.words(CODE_BYTES / 2).buffer);
  maskCodes.forEach((usable, byte) => {
    irisCodes[byte] = (irisCodes[byte] & usable) | (noise[byte] & ~usable);
  });
}

/** Eyelids over the outer rows at the top and the bottom of the eye, and a few reflections. */
function occlusion(random: Keystream): Uint8Array {
  const mask = new Uint8Array(CODE_BYTES).fill(0xff);
  const hide = (row: number, column: number) => {
    const place = (column + COLUMNS) % COLUMNS;
    mask[row * (COLUMNS / 2) + (place >> 1)] &= place % 2 === 0 ? 0x0f : 0xf0;
  };
  for (const [middle, deepest, widest] of [
    [50, 7, 35],
    [150, 4, 25],
  ]) {
    const depth = random.integer(1, deepest);
    const width = random.integer(10, widest);
    for (let row = ROWS - depth; row < ROWS; row++) {
      const reach = Math.round((width * (row - ROWS + depth + 1)) / depth);
      for (let column = middle - reach; column <= middle + reach; column++) hide(row, column);
    }
  }
  for (let spots = random.integer(0, 4); spots > 0; spots--) {
    const row = random.integer(0, ROWS - 3);
    const column = random.integer(0, COLUMNS - 1);
    for (let cell = 0; cell < 18; cell++) hide(row + (cell % 3), column + Math.floor(cell / 3));
  }
  return mask;
}
