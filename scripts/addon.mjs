// The native addon. Does nothing again when nothing changed.
import { run, unlessDone } from './steps.mjs';

unlessDone(
  'addon',
  ['native/CMakeLists.txt', 'native/core', 'native/addon', 'package-lock.json'],
  'native/build/irispair_native.node',
  () => {
    run('configuring the native addon', ['cmake', '-S', 'native', '-B', 'native/build']);
    run('building the native addon', [
      ...['cmake', '--build', 'native/build', '--parallel', '2'],
      ...['--target', 'irispair_native'],
    ]);
  },
);
