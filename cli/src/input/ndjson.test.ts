import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { Population } from '../generate/population.js';
import { formatCapture, parseCapture, readLines, type Capture } from './ndjson.js';

function captures(count: number): Capture[] {
  const population = new Population('input lines');
  return Array.from({ length: count }, (_, index) => ({
    id: `person-${index}`,
    iris: population.enrolment(population.person(index)),
  }));
}

const [ONE, TWO] = captures(2);
const LINE = formatCapture(ONE);
const NEXT = formatCapture(TWO);

describe('a line with a capture', () => {
  it('is read as it was written', () => {
    assert.equal(formatCapture(parseCapture(LINE)), LINE);
  });

  it('is refused by field, with the reason that is the reason', () => {
    const given = JSON.parse(LINE) as {
      id: string;
      left: { iris_codes: string; mask_codes: string };
      right: object;
    };
    const { left } = given;
    const hexadecimal = Buffer.from(ONE.iris.left.irisCodes).toString('hex');
    const wrong: [unknown, string][] = [
      [17, 'line: a number: write one object a line'],
      [{ ...given, id: undefined }, 'id: missing: give a string'],
      [{ ...given, id: 17 }, 'id: a number: give a string'],
      [{ ...given, id: null }, 'id: null: give a string'],
      [{ ...given, left: undefined }, 'left: missing: give iris_codes and mask_codes'],
      [{ ...given, left: null }, 'left: null: give iris_codes and mask_codes'],
      [{ ...given, left: [left] }, 'left: an array: give iris_codes and mask_codes'],
      [
        { ...given, left: { iris_codes: left.iris_codes, mask_code: left.mask_codes } },
        'left.mask_codes: missing: give a string of base64',
      ],
      [{ ...given, left: { ...left, mask_codes: null } }, 'left.mask_codes: null: give a string of base64'],
      [{ ...given, left: { ...left, iris_codes: 5 } }, 'left.iris_codes: a number: give a string of base64'],
      [
        { ...given, left: { ...left, iris_codes: `b'${left.iris_codes}'` } },
        'left.iris_codes: not base64: write the packed bits as Open IRIS does',
      ],
      [
        { ...given, left: { ...left, iris_codes: hexadecimal } },
        'left.iris_codes: 2400 bytes, expected 1600 for 200 columns or 2048 for 256 columns',
      ],
    ];
    for (const [value, problem] of wrong) {
      assert.throws(
        () => parseCapture(JSON.stringify(value)),
        (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.equal(error.message, problem);
          return true;
        },
      );
    }
  });
});

describe('a file of captures', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-input-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  async function read(content: string | Buffer): Promise<string[]> {
    const file = join(directory, 'captures');
    await writeFile(file, content);
    const read: string[] = [];
    for await (const line of readLines(file, parseCapture))
      read.push('problem' in line ? `line ${line.number}: ${line.problem}` : formatCapture(line.item));
    return read;
  }

  const text = `${LINE}\n${NEXT}\n`;

  it('may begin with a byte order mark, end its lines as Windows does, and hold blank lines', async () => {
    assert.deepEqual(await read(text), [LINE, NEXT]);
    assert.deepEqual(await read(`\ufeff${text}`), [LINE, NEXT]);
    assert.deepEqual(await read(text.replaceAll('\n', '\r\n')), [LINE, NEXT]);
    assert.deepEqual(await read(`\n\n${LINE}\n \n${NEXT}`), [LINE, NEXT]);
    assert.deepEqual(await read(''), []);
  });

  it('may be packed by gzip, in one part or several', async () => {
    assert.deepEqual(await read(gzipSync(text)), [LINE, NEXT]);
    assert.deepEqual(await read(gzipSync(`\ufeff${text}`)), [LINE, NEXT]);
    const parts = Buffer.concat([gzipSync(`${LINE}\n`), gzipSync(NEXT)]);
    assert.deepEqual(await read(parts), [LINE, NEXT]);
  });

  it('is refused as a whole, once, when it is something else', async () => {
    const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8', 'base64');
    const wholes: [string | Buffer, RegExp][] = [
      [picture, /captures: no text: give NDJSON, one object a line, as it is or packed by gzip$/],
      [gzipSync(picture), /captures: no text: give NDJSON/],
      [gzipSync(gzipSync(text)), /captures: no text: give NDJSON/],
      [Buffer.from(`\ufeff${text}`, 'utf16le'), /captures: text in UTF-16: write it in UTF-8$/],
      [
        gzipSync(text).subarray(0, 3_000),
        /captures: damaged gzip \(unexpected end of file\): compress it again$/,
      ],
      [`[${LINE},\n${LINE}]`, /captures: a JSON array: write one object a line, as `jq -c "\.\[\]"` does$/],
      [JSON.stringify(JSON.parse(LINE), null, 2), /captures: an object over several lines: write one/],
      [
        'id,left,right\nperson-0,abc,def\n',
        /captures: not NDJSON: line 1 begins with "id,left,right": write/,
      ],
    ];
    for (const [content, problem] of wholes) {
      await assert.rejects(read(content), (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.message, problem);
        return true;
      });
    }
  });

  it('is read on behind a line that is wrong', async () => {
    assert.deepEqual(await read(`${LINE}\nnonsense\n${NEXT}`), [
      LINE,
      'line 2: line: not JSON: write one object a line',
      NEXT,
    ]);
  });
});
