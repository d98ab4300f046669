/**
 * The page for operators at the HTTP port: where both services run, the hop between them, slow requests.
 *
 * - `/` and the files that it asks for: plain HTML, styles and modules, read once at the start.
 * - `/state.json`: a snapshot for it, or for programs.
 * Nothing can be changed by it. There are neither passwords nor TLS: unless told otherwise it is shown on loopback only.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLAIN_TEXT, type Answer, type Reach } from '@irispair/common/telemetry/monitoring-server';
import type { Snapshots } from './snapshots.js';

/** When it is shown: always, never, or where the port is on loopback. */
export type PageChoice = 'on' | 'off' | 'auto';

/** Its files, beside what is compiled. */
const FOLDER = fileURLToPath(new URL('../../browser', import.meta.url));

const TYPE: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
]);

const HEADERS: OutgoingHttpHeaders = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const STATE = '/state.json';

/** Snapshots handed out in a second at most: so many viewers, each of whom asks once a second. */
export const MOST_A_SECOND = 50;

/** Answers the page's paths. */
export class Page {
  private readonly files = readFiles();
  private readonly budget = new Budget(MOST_A_SECOND);

  constructor(
    private readonly choice: PageChoice,
    private readonly snapshots: Snapshots,
  ) {}

  /** Whether it is shown on a port. */
  isShown(reach: Reach): boolean {
    return this.choice === 'on' || (this.choice === 'auto' && reach === 'loopback');
  }

  /** The answer to a path; undefined where the path is none of the page's. */
  answer(path: string, reach: Reach): Answer | undefined {
    const file = this.files.get(path);
    if (file === undefined && path !== STATE) return undefined;
    if (!this.isShown(reach)) return this.refuse();
    return file ?? this.answerState();
  }

  private refuse(): Answer {
    const why =
      this.choice === 'off'
        ? 'IRISPAIR_PAGE=off'
        : 'this port is not on loopback, and the page has neither passwords nor TLS: where only operators reach it, set IRISPAIR_PAGE=on';
    return { code: 404, type: PLAIN_TEXT, body: `the page is off: ${why}\n` };
  }

  private answerState(): Answer {
    if (!this.budget.spend()) {
      return {
        code: 503,
        type: PLAIN_TEXT,
        body: `${MOST_A_SECOND} snapshots were given in this second: ask again later\n`,
        headers: { ...HEADERS, 'cache-control': 'no-store', 'retry-after': '2' },
      };
    }
    return {
      code: 200,
      type: 'application/json',
      body: this.snapshots.read(),
      headers: { ...HEADERS, 'cache-control': 'no-store' },
    };
  }
}

/** So much a second. */
class Budget {
  private second = 0;
  private spent = 0;

  constructor(private readonly most: number) {}

  /** Whether there was some left. */
  spend(): boolean {
    const second = Math.floor(performance.now() / 1e3);
    if (second !== this.second) {
      this.second = second;
      this.spent = 0;
    }
    this.spent += 1;
    return this.spent <= this.most;
  }
}

/** The files by the path that asks for them. */
function readFiles(): ReadonlyMap<string, Answer> {
  const files = new Map<string, Answer>();
  for (const [folder, prefix] of [
    ['static', '/'],
    ['dist', '/page/'],
  ] as const) {
    for (const name of readdirSync(join(FOLDER, folder))) {
      const type = TYPE.get(extname(name));
      if (type === undefined) continue;
      const body = readFileSync(join(FOLDER, folder, name));
      files.set(name === 'index.html' ? '/' : `${prefix}${name}`, {
        code: 200,
        type,
        body,
        headers: HEADERS,
      });
    }
  }
  return files;
}
