// The C++ sources that clang-format looks after.
import { filesBelow } from './steps.mjs';

export const NATIVE_SOURCES = filesBelow('native').filter((file) => /\.(h|cc)$/.test(file));
