/** Distances of templates of any shape, bit by bit from the definitions. Shares no code with the native layer. */
import type { Template } from '@irispair/common/iris/template';

/** Differing and unmasked bits of the probe rolled right by -15 to 15 columns, ascending. */
export type Figures = [differing: number, unmasked: number][];

const ROWS = 16;
const WAVELETS = 2;
const PARTS = 2;
const FARTHEST = 15;

function columnsOf({ irisCodes }: Template): number {
  return (irisCodes.byteLength * 8) / (ROWS * WAVELETS * PARTS);
}

function bitAt(bits: Uint8Array, index: number): number {
  return (bits[index >> 3] >> (7 - (index & 7))) & 1;
}

/** The figures of a pair of one shape. */
export function figuresOf(probe: Template, gallery: Template): Figures {
  const columns = columnsOf(probe);
  const figures: Figures = [];
  for (let rotation = -FARTHEST; rotation <= FARTHEST; rotation++) {
    let differing = 0;
    let unmasked = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < columns; column++) {
        const source = (column - rotation + columns) % columns;
        for (let bit = 0; bit < WAVELETS * PARTS; bit++) {
          const here = (row * columns + column) * WAVELETS * PARTS + bit;
          const there = (row * columns + source) * WAVELETS * PARTS + bit;
          if (bitAt(probe.maskCodes, there) === 0 || bitAt(gallery.maskCodes, here) === 0) continue;
          unmasked += 1;
          differing += bitAt(probe.irisCodes, there) ^ bitAt(gallery.irisCodes, here);
        }
      }
    }
    figures.push([differing, unmasked]);
  }
  return figures;
}

/** A template whose bits are those that `bit` gives for row, column, wavelet and part: [code, mask]. */
export function templateOfBits(
  columns: number,
  bit: (row: number, column: number, wavelet: number, part: number) => readonly [code: number, mask: number],
): Template {
  const bytes = (columns * ROWS * WAVELETS * PARTS) / 8;
  const template = { irisCodes: new Uint8Array(bytes), maskCodes: new Uint8Array(bytes) };
  let index = 0;
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < columns; column++) {
      for (let wavelet = 0; wavelet < WAVELETS; wavelet++) {
        for (let part = 0; part < PARTS; part++, index++) {
          const [code, mask] = bit(row, column, wavelet, part);
          template.irisCodes[index >> 3] |= code << (7 - (index & 7));
          template.maskCodes[index >> 3] |= mask << (7 - (index & 7));
        }
      }
    }
  }
  return template;
}

function bitsAt(
  template: Template,
  row: number,
  column: number,
  wavelet: number,
  part: number,
): [number, number] {
  const index = ((row * columnsOf(template) + column) * WAVELETS + wavelet) * PARTS + part;
  return [bitAt(template.irisCodes, index), bitAt(template.maskCodes, index)];
}

/** The eye in a mirrored picture: both halves of the columns reversed, imaginary code bits inverted. */
export function mirrored(template: Template): Template {
  const columns = columnsOf(template);
  const half = columns / 2;
  return templateOfBits(columns, (row, column, wavelet, part) => {
    const source = column < half ? half - 1 - column : columns - 1 - (column - half);
    const [code, mask] = bitsAt(template, row, source, wavelet, part);
    return [code ^ part, mask];
  });
}

/** The columns rolled right. */
export function rolled(template: Template, rotation: number): Template {
  const columns = columnsOf(template);
  return templateOfBits(columns, (row, column, wavelet, part) =>
    bitsAt(template, row, (column - rotation + columns) % columns, wavelet, part),
  );
}
