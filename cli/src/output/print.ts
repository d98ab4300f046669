/** What commands print: JSON for programs, text and tables for people. */
import Table from 'cli-table3';

/** How a command prints. */
export type Format = 'json' | 'text';

/** The format that `--json` chooses. */
export function formatOf({ json }: { json?: boolean }): Format {
  return json === true ? 'json' : 'text';
}

/** Prints a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a note for people to standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Rows in columns, the first row as head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const view = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) view.push([...row]);
  return view.toString();
}

/** Bytes for people. */
export function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
