/** What a service says of its placement in its log. */
import { z } from 'zod';

const SEGMENT = z.object({ backing: z.string(), policy: z.string(), fallbacks: z.array(z.string()) });
const ARENA = z.object({ segments: z.array(SEGMENT) });
const DECIDED = z.object({ msg: z.literal('placement decided'), placement: z.string(), reason: z.string() });
const MAPPED = z.object({ msg: z.literal('arenas mapped'), left: ARENA, right: ARENA });

/** One mapped part of an arena. */
export type LoggedSegment = z.output<typeof SEGMENT>;

/** What was decided, and why. */
export function loggedPlacement(log: string): { placement: string; reason: string } {
  return find(log, DECIDED);
}

/** The first segments of both arenas. */
export function loggedSegments(log: string): LoggedSegment[] {
  const { left, right } = find(log, MAPPED);
  return [...left.segments, ...right.segments];
}

function find<Shape extends z.ZodType>(log: string, shape: Shape): z.output<Shape> {
  for (const line of log.split('\n')) {
    if (!line.startsWith('{')) continue;
    const read = shape.safeParse(JSON.parse(line));
    if (read.success) return read.data;
  }
  throw new Error(`the log does not say it:\n${log}`);
}
