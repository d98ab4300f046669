// Writes the published vectors as words: `template ID CODE MASK` (hexadecimal), then
// `pair PROBE GALLERY` with 31 normal and 31 mirrored figures `differing unmasked` and min11, min31 as `shift` or `none`.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [published, words] = process.argv.slice(2);
const vectors = JSON.parse(gunzipSync(readFileSync(published)).toString());
const hex = (base64) => Buffer.from(base64, 'base64').toString('hex');
const lines = vectors.templates.map(
  ({ id, iris_codes, mask_codes }) => `template ${id} ${hex(iris_codes)} ${hex(mask_codes)}`,
);
for (const pair of vectors.pairs) {
  const figures = [...pair.by_shift, ...pair.mirrored_probe_by_shift].flat();
  const shifts = [pair.min11, pair.min31].map((least) => least?.shift ?? 'none');
  lines.push(['pair', pair.probe, pair.gallery, ...figures, ...shifts].join(' '));
}
writeFileSync(words, `${lines.join('\n')}\n`);
