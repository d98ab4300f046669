/** Starts the engine, makes the base image, builds the images, prints their sizes, and stops the engine. */
import { once } from 'node:events';
import { messageOf } from '@irispair/common/errors/message';
import { makeBaseImage } from './base-image.js';
import { stopWanted } from './confined.js';
import { DockerEngine } from './engine.js';
import { buildImages, describeSizes } from './images.js';
import { NO_ENGINE_EXIT_CODE } from './no-engine.js';

const STOPPED_EXIT_CODE = 130;

const [, , images] = process.argv;
const stopped = stopWanted();
process.exit(await build());

async function build(): Promise<number> {
  let engine: DockerEngine;
  try {
    engine = await DockerEngine.start(images, 'machine');
  } catch (error) {
    say(`the test in containers is skipped: no Docker engine runs here: ${messageOf(error)}`);
    return NO_ENGINE_EXIT_CODE;
  }
  try {
    // What is stopped in its midst ends with this process.
    return await Promise.race([makeImages(engine), once(stopped, 'abort').then(() => STOPPED_EXIT_CODE)]);
  } finally {
    await engine.stop();
  }
}

async function makeImages(engine: DockerEngine): Promise<number> {
  const base = await makeBaseImage(engine, say);
  await buildImages(engine, base, say);
  for (const line of await describeSizes(engine, base)) say(line);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
