// Formats everything.
import { NATIVE_SOURCES } from './native-sources.mjs';
import { run } from './steps.mjs';

run('formatting', ['node_modules/.bin/prettier', '--write', '--log-level=warn', '.']);
run('formatting protobuf', ['node_modules/.bin/buf', 'format', '-w']);
run('formatting C++', ['clang-format', '-i', ...NATIVE_SOURCES]);
