/** The images of the pair, built as users build them, on the base image of the test. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lines, type DockerEngine } from './engine.js';

/** The checkout. */
export const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** Targets of docker/Dockerfile. */
export const TARGETS = ['graph-service', 'iris-service', 'cli'] as const;

/** Stands for the official PostgreSQL image. */
export const POSTGRES_IMAGE = 'irispair-test/postgres';

const KEPT_BUILD_STEPS = '2GB';

/** The name under which compose.yaml looks for a target. */
export function imageOf(target: (typeof TARGETS)[number]): string {
  return `irispair/${target}`;
}

/** Builds all images. */
export async function buildImages(
  engine: DockerEngine,
  base: string,
  note: (line: string) => void,
): Promise<void> {
  const build = ['build', '--network', 'host', '--build-arg', `BASE_IMAGE=${base}`];
  for (const target of TARGETS) {
    note(`building ${imageOf(target)} ...`);
    const dockerfile = join(CHECKOUT, 'docker/Dockerfile');
    await engine.docker(
      ...build,
      '--file',
      dockerfile,
      '--target',
      target,
      '--tag',
      imageOf(target),
      CHECKOUT,
    );
  }
  note(`building ${POSTGRES_IMAGE} ...`);
  await engine.docker(...build, '--tag', POSTGRES_IMAGE, join(CHECKOUT, 'test/docker/postgres'));
  // Of what is kept for the next run, only the latest.
  await engine.docker('image', 'prune', '--force');
  await engine.docker('builder', 'prune', '--force', '--keep-storage', KEPT_BUILD_STEPS).catch(() => {
    // A build that was killed leaves steps that the engine does not find again.
    note(
      `the build steps could not be cut to ${KEPT_BUILD_STEPS}: remove .irispair/docker to be rid of them`,
    );
  });
}

/** Size of each image, and how much of it lies on the base image. */
export async function describeSizes(engine: DockerEngine, base: string): Promise<string[]> {
  const baseBytes = await sizeOf(engine, base);
  const described = [`${base}: ${inMegabytes(baseBytes)}`];
  for (const image of TARGETS.map(imageOf)) {
    const bytes = await sizeOf(engine, image);
    described.push(
      `${image}: ${inMegabytes(bytes)}, ${inMegabytes(bytes - baseBytes)} of it on the base image`,
    );
  }
  return described;
}

async function sizeOf(engine: DockerEngine, image: string): Promise<number> {
  return Number(lines(await engine.docker('image', 'inspect', '--format', '{{.Size}}', image))[0]);
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
