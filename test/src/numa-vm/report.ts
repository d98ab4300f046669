/** What the guest tells the host, one JSON object a line, over the second serial port. */

/** One thing that was looked at. */
export interface Check {
  readonly kind: 'check';
  readonly scenario: string;
  readonly what: string;
  /** Empty when it holds. */
  readonly problem: string;
}

/** Something worth showing, such as a measured share. */
export interface Figure {
  readonly kind: 'figure';
  readonly scenario: string;
  readonly text: string;
}

/** The last line: everything was run. */
export interface End {
  readonly kind: 'end';
}

export type ReportLine = Check | Figure | End;

/** Reads one line; undefined when it is none, such as a message of the kernel. */
export function parseReportLine(line: string): ReportLine | undefined {
  if (!line.startsWith('{"kind":')) return undefined;
  return JSON.parse(line) as ReportLine;
}
