/** People with realistic irises, and new captures of them. Everything depends on the seed and the indices alone. */
import { cellOf, disturb, drawField, PARTS, ROWS, WAVELETS, type Field } from '@irispair/common/iris/field';
import { Keystream } from '@irispair/common/iris/keystream';
import { codeBytes, DEFAULT_COLUMNS, type Columns } from '@irispair/common/iris/shape';
import type { Iris, Template } from '@irispair/common/iris/template';

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
  constructor(
    private readonly seed: string,
    /** Of every code. People of one seed have other eyes in another shape. */
    readonly columns: Columns = DEFAULT_COLUMNS,
  ) {}

  /** The person of an index from 0. */
  person(index: number): Person {
    const field = (side: number) => drawField(this.random(index, side, Purpose.Texture, 0), this.columns);
    return { index, left: field(0), right: field(1) };
  }

  /** The capture that is enrolled: undisturbed, unrotated, with its own occlusion. */
  enrolment({ index, left, right }: Person): Iris {
    return {
      left: this.capture(left, 0, this.random(index, 0, Purpose.Occlusion, 0)),
      right: this.capture(right, 0, this.random(index, 1, Purpose.Occlusion, 0)),
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
      return this.capture(disturbed, rotation, this.random(index, side, Purpose.Occlusion, again));
    };
    return { left: eye(left, 0), right: eye(right, 1) };
  }

  private capture(field: Field, rotation: number, random: Keystream): Template {
    return capture(field, this.columns, rotation, random);
  }

  private random(person: number, side: number, purpose: Purpose, again: number): Keystream {
    return new Keystream(this.seed, [person, again, side + 4 * purpose]);
  }
}

/** Signs of a field, its columns rolled right by `rotation`, under an occlusion. */
function capture(field: Field, columns: Columns, rotation: number, random: Keystream): Template {
  const irisCodes = new Uint8Array(codeBytes(columns));
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < columns; column++) {
      const source = (column - rotation + columns) % columns;
      for (let pixel = 0; pixel < WAVELETS * PARTS; pixel++) {
        const bit = cellOf(columns, row, column, 0, 0) + pixel;
        if (field[cellOf(columns, row, source, 0, 0) + pixel] > 0) irisCodes[bit >> 3] |= 0x80 >> (bit & 7);
      }
    }
  }
  const maskCodes = occlusion(columns, random);
  hideTexture(irisCodes, maskCodes, random);
  return { irisCodes, maskCodes };
}

/** Under an eyelid there is no iris: the code says something else there in every capture. */
function hideTexture(irisCodes: Uint8Array, maskCodes: Uint8Array, random: Keystream): void {
  const noise = new Uint8Array(random.words(irisCodes.byteLength / 2).buffer);
  maskCodes.forEach((usable, byte) => {
    irisCodes[byte] = (irisCodes[byte] & usable) | (noise[byte] & ~usable);
  });
}

/** Eyelids over the outer rows at the top and the bottom of the eye, and a few reflections. */
function occlusion(columns: Columns, random: Keystream): Uint8Array {
  const mask = new Uint8Array(codeBytes(columns)).fill(0xff);
  // What is hidden has the same angle in either shape.
  const scaled = (columnsOf200: number) => Math.round((columnsOf200 * columns) / 200);
  const hide = (row: number, column: number) => {
    const place = (column + columns) % columns;
    mask[row * (columns / 2) + (place >> 1)] &= place % 2 === 0 ? 0x0f : 0xf0;
  };
  for (const [middle, deepest, widest] of [
    [columns / 4, 7, scaled(35)],
    [(3 * columns) / 4, 4, scaled(25)],
  ]) {
    const depth = random.integer(1, deepest);
    const width = random.integer(scaled(10), widest);
    for (let row = ROWS - depth; row < ROWS; row++) {
      const reach = Math.round((width * (row - ROWS + depth + 1)) / depth);
      for (let column = middle - reach; column <= middle + reach; column++) hide(row, column);
    }
  }
  for (let spots = random.integer(0, 4); spots > 0; spots--) {
    const row = random.integer(0, ROWS - 3);
    const column = random.integer(0, columns - 1);
    for (let cell = 0; cell < 18; cell++) hide(row + (cell % 3), column + Math.floor(cell / 3));
  }
  return mask;
}
