/**
 * Puts each program of the guest together with what it imports, in the place of its main file: emulated, loading a module
 * takes some 15 ms, and a service has 500 of them.
 *
 * A module still finds what lies beside it: it keeps the address that it has in the guest.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Main files, from the project's folder. */
const PROGRAMS = [
  'graph-service/dist/main.js',
  'graph-service/dist/workers/walker-thread.js',
  'iris-service/dist/main.js',
  'cli/dist/main.js',
  'test/dist/numa-vm/guest/main.js',
];
/** They read files beside their own by `__dirname`, or load what is built for the machine. */
const LEFT_ALONE = ['lmdb', '@grpc/reflection', '@grpc/proto-loader', 'grpc-health-check'];
/** Modules of CommonJS call it. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;

/** @param project its folder here; @param placed its path in the guest */
export async function bundlePrograms(project: string, placed: string): Promise<void> {
  await build({
    absWorkingDir: project,
    entryPoints: PROGRAMS,
    outdir: project,
    outbase: project,
    allowOverwrite: true,
    chunkNames: 'bundled/[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    external: LEFT_ALONE,
    banner: { js: REQUIRE },
    plugins: [addressesKept(project, placed)],
    // Settings of the compiler that made what is bundled; they lie out of the guest's project.
    tsconfigRaw: '{}',
    logLevel: 'warning',
  });
}

function addressesKept(project: string, placed: string): Plugin {
  return {
    name: 'addresses-kept',
    setup: (builder) => {
      builder.onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
        const { href } = pathToFileURL(join(placed, relative(project, path)));
        return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(href)) };
      });
    },
  };
}
