// One library on the same codes, in a process of its own: node --expose-gc measure.mjs LIBRARY REQUEST.json
//
// 1. Build the index; give up when that takes too long.
// 2. Search for every set of probes, on one thread and, where the library can, on all of them.
// 3. Print the figures as JSON. What turns packed codes into what the library takes is outside the clock.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const ADDED_AT_ONCE = 128;
const SEARCHED_AT_ONCE = 256;
const COLLECTING_MILLISECONDS = 200;

const [, , name, requestPath] = process.argv;
const { gallery, people, settings, mostBuildSeconds, sets } = JSON.parse(readFileSync(requestPath, 'utf8'));
const library = await import(`./${name}.mjs`);
const chosen = settings ?? library.DEFAULTS;
const index = library.open(chosen, people);

const codes = readFileSync(gallery);
// What converting takes is there before and after, and is not the library's.
index.adding(codes, 0, Math.min(ADDED_AT_ONCE, people));
const residentBefore = await residentBytes();
const { added, seconds } = build();
const figures = { library: name, distance: library.DISTANCE, settings: chosen, added, buildSeconds: seconds };
const residentGrowth = (await residentBytes()) - residentBefore;
const searches = added < people ? [] : sets.flatMap((set) => index.modes.map((mode) => search(set, mode)));
process.stdout.write(JSON.stringify({ ...figures, residentBytes: residentGrowth, searches }));

function build() {
  let seconds = 0;
  let added = 0;
  while (added < people && seconds < mostBuildSeconds) {
    const count = Math.min(ADDED_AT_ONCE, people - added);
    seconds += clock(index.adding(codes, added, count)).seconds;
    added += count;
    if (process.stderr.isTTY) process.stderr.write(`\r${added} of ${people} people`);
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  return { added, seconds };
}

/** A capture's answer is the nearest of all its rolls. */
function search({ name: set, path, persons, rolls }, mode) {
  const probes = readFileSync(path);
  const found = [];
  let seconds = 0;
  const step = Math.max(1, Math.floor(SEARCHED_AT_ONCE / rolls)) * rolls;
  for (let first = 0; first < persons.length * rolls; first += step) {
    const count = Math.min(step, persons.length * rolls - first);
    const timed = clock(index.searching(probes, first, count, mode));
    seconds += timed.seconds;
    found.push(...timed.result);
  }
  const right = persons.filter((person, place) => {
    const ofCapture = found.slice(place * rolls, (place + 1) * rolls);
    const best = ofCapture.reduce((least, one) => (one.distance < least.distance ? one : least));
    return best.person === person;
  });
  return {
    set,
    mode,
    rolls,
    captures: persons.length,
    found: right.length,
    capturesPerSecond: persons.length / seconds,
  };
}

function clock(work) {
  const start = performance.now();
  const result = work();
  return { result, seconds: (performance.now() - start) / 1_000 };
}

/** Without what the converted codes took: the collector gives buffers back a moment later. */
async function residentBytes() {
  globalThis.gc();
  await sleep(COLLECTING_MILLISECONDS);
  globalThis.gc();
  return process.memoryUsage.rss();
}
