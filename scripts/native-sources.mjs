// The C++ sources that clang-format looks after.
import { filesBelow } from './steps.mjs';

export const NATIVE_SOURCES = ['native', 'test/numa-vm']
  .flatMap(filesBelow)
  .filter((file) => /\.(h|cc)$/.test(file));
