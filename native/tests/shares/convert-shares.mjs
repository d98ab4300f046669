// Writes the published shares as words: `template ID CODE MASK` and `share ID PARTY CODE MASK` (hexadecimal);
// `pair PROBE GALLERY` with 31 normal and 31 mirrored figures `differing unmasked`; `dots QUERY GALLERY` with code and mask
// dot, then three additive shares of each.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [published, words] = process.argv.slice(2);
const vectors = JSON.parse(gunzipSync(readFileSync(published)).toString());
const hex = (base64) => Buffer.from(base64, 'base64').toString('hex');
const lines = [];
for (const { id, iris_codes, mask_codes } of vectors.templates) {
  lines.push(`template ${id} ${hex(iris_codes)} ${hex(mask_codes)}`);
}
for (const { id, parties } of vectors.shares) {
  for (const [party, { code, mask }] of parties.entries()) {
    lines.push(`share ${id} ${party} ${hex(code)} ${hex(mask)}`);
  }
}
for (const { probe, gallery, by_shift, mirrored_probe_by_shift } of vectors.pairs) {
  lines.push(['pair', probe, gallery, ...by_shift.flat(), ...mirrored_probe_by_shift.flat()].join(' '));
}
for (const pair of vectors.share_pairs) {
  const additive = [...pair.additive_code_shares, ...pair.additive_mask_shares];
  lines.push(['dots', pair.query, pair.gallery, pair.code_dot, pair.mask_dot, ...additive].join(' '));
}
writeFileSync(words, `${lines.join('\n')}\n`);
