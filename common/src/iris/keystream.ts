/** Deterministic random numbers: an AES-CTR keystream, as uniform integers and as normal deviates. */
import { createCipheriv, createHash, type Cipher } from 'node:crypto';

const PROBITS = 65_536;

/** Normal deviates at the middles of 65,536 equally likely intervals. */
const PROBIT = Float32Array.from({ length: PROBITS }, (_, index) => probit((index + 0.5) / PROBITS));

/** Draws that depend only on the seed and the labels. */
export class Keystream {
  private readonly cipher: Cipher;

  /** @param labels what the draws are for, at most three 32-bit integers */
  constructor(seed: string, labels: readonly number[]) {
    const key = createHash('sha256').update(seed).digest().subarray(0, 16);
    const counter = Buffer.alloc(16);
    labels.forEach((label, index) => {
      counter.writeUInt32LE(label, 4 * index);
    });
    this.cipher = createCipheriv('aes-128-ctr', key, counter);
  }

  /** Uniform 16-bit integers. */
  words(count: number): Uint16Array {
    const bytes = this.cipher.update(Buffer.alloc(2 * count));
    return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 2 * count));
  }

  /** Standard normal deviates. */
  normals(count: number): Float32Array {
    return Float32Array.from(this.words(count), (word) => PROBIT[word]);
  }

  /** A uniform number from `least` to below `most`. */
  uniform(least: number, most: number): number {
    return least + (this.words(1)[0] / PROBITS) * (most - least);
  }

  /** A uniform integer, both ends included. */
  integer(least: number, most: number): number {
    return Math.floor(this.uniform(least, most + 1));
  }
}

/** Inverse of the normal distribution function, relative error below 1.2e-9. Acklam's rational approximation, 2003. */
function probit(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const polynomial = (factors: number[], x: number) => factors.reduce((sum, factor) => sum * x + factor, 0);
  const low = 0.02425;
  if (p > 1 - low) return -probit(1 - p);
  if (p < low) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / polynomial([...d, 1], q);
  }
  const q = p - 0.5;
  return (polynomial(a, q * q) * q) / polynomial([...b, 1], q * q);
}
