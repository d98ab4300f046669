// Set-up of a checkout: dependencies, protobuf code, native addon, TypeScript. Does nothing again when nothing changed.
import { run, unlessDone } from './steps.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20.20 or later\n`);
  process.exit(1);
}

await import('./dependencies.mjs');
unlessDone(
  'protobuf',
  ['proto/irispair', 'proto/google', 'buf.yaml', 'buf.gen.yaml', 'package-lock.json'],
  'proto/src/generated',
  () => {
    run('generating protobuf code', ['node_modules/.bin/buf', 'generate']);
  },
);
await import('./addon.mjs');
const packages = ['proto', 'common', 'native', 'iris-service', 'graph-service', 'cli', 'test', 'bench'];
const typescript = packages.flatMap((name) => [
  `${name}/src`,
  `${name}/tsconfig.json`,
  `${name}/package.json`,
]);
unlessDone(
  'typescript',
  [
    ...typescript,
    'native/ts',
    'graph-service/browser',
    'proto/irispair',
    'proto/google',
    'buf.gen.yaml',
    'tsconfig.base.json',
    'package-lock.json',
  ],
  'cli/dist/main.js',
  () => {
    run('compiling TypeScript', ['node_modules/.bin/tsc', '-b']);
  },
);
