/** The made-up people that every scenario enrols and looks for, by the files that the host writes and the guest reads. */

/** Where the guest finds them. */
export const PEOPLE_DIRECTORY = '/people';

/** How a capture was taken. */
export type CaptureKind = 'enrolment' | 'again' | 'mirrored';

/** Captures of consecutive people. */
export interface Group {
  readonly capture: CaptureKind;
  /** Index of the first person. */
  readonly first: number;
  readonly people: number;
}

/** By the name of its file. */
export const GROUPS = {
  /** Enrolled once on each machine. */
  residents: { capture: 'enrolment', first: 0, people: 20 },
  /** Residents who come again. */
  returning: { capture: 'again', first: 0, people: 8 },
  /** Residents whose pictures were mirrored. */
  mirrored: { capture: 'mirrored', first: 8, people: 3 },
  /** Enrolled by every scenario, and deleted afterwards. */
  newcomers: { capture: 'enrolment', first: 20, people: 5 },
  /** Newcomers who come again. */
  newcomersAgain: { capture: 'again', first: 20, people: 3 },
  /** Never enrolled. */
  strangers: { capture: 'again', first: 30, people: 3 },
  /** Enrolled while the arenas grow. */
  crowd: { capture: 'enrolment', first: 40, people: 24 },
} as const satisfies Record<string, Group>;

/** A group's name. */
export type GroupName = keyof typeof GROUPS;
