import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { VERSION } from './version.js';

it('the version is that of every package', () => {
  const read = (path: string): { version: string; workspaces?: string[] } =>
    JSON.parse(readFileSync(new URL(`../../${path}package.json`, import.meta.url), 'utf8')) as {
      version: string;
      workspaces?: string[];
    };
  const { version, workspaces = [] } = read('');
  assert.ok(workspaces.length > 0);
  assert.equal(version, VERSION);
  for (const name of workspaces) assert.equal(read(`${name}/`).version, VERSION, name);
});
