/** Headless Chromium, as Debian packages it, for tests of the page. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

/** It asks nobody but the page's server. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How a page is looked at. */
export interface Sight {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

/** A look at the page: what it asked for, and what it complained of. */
export interface Look {
  readonly page: Page;
  readonly asked: readonly string[];
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** A browser that ends with the test. */
export class BrowserUnderTest {
  private constructor(
    private readonly directory: string,
    private readonly context: BrowserContext,
  ) {}

  static async start(): Promise<BrowserUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-chromium-'));
    const context = await chromium.launchPersistentContext(directory, {
      executablePath: PROGRAM,
      args: FLAGS,
      headless: true,
    });
    return new BrowserUnderTest(directory, context);
  }

  /** Opens a page of its own. */
  async look({ width, height, colorScheme, reducedMotion = 'no-preference' }: Sight): Promise<Look> {
    const page = await this.context.newPage();
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion });
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    return {
      page,
      asked,
      complaints,
      close: () => page.close(),
    };
  }

  async stop(): Promise<void> {
    await this.context.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Nothing was complained of, and nobody was asked but the page's own server. */
export function assertQuiet({ asked, complaints }: Look, origin: string): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(
    asked.filter((url) => new URL(url).origin !== origin),
    [],
  );
}
