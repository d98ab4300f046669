/** Settings come from environment variables, checked once at start; a wrong one stops the service by name. */
import { z } from 'zod';
import { MisconfiguredError } from '../errors/errors.js';
import { readDecimal, readInteger } from './number.js';

/** Environment variables as the operating system gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks settings. An empty variable counts as not set.
 * @param schema one key for each environment variable, under the variable's own name
 * @throws MisconfiguredError naming every wrong variable, what it holds and what it may hold
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return isSecret(issue)
      ? `${name} ${issue.message}`
      : `${name}=${JSON.stringify(given[name])}: ${issue.message}`;
  });
  throw new MisconfiguredError(problems.join('; '));
}

/** What is wrong with a setting that may hold a password: told after its name, without what it holds. */
export function secretIssue(message: string) {
  return { code: 'custom' as const, message, params: { isSecret: true } };
}

function isSecret(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params?.isSecret === true;
}

/** An integer setting. */
export function integerSetting(least: number, most: number) {
  return numberSetting((text) => readInteger(text, least, most), `an integer from ${least} to ${most}`);
}

/** A setting that is a share of a whole. */
export function shareSetting() {
  return decimalSetting((value) => value >= 0 && value <= 1, 'a number from 0 to 1');
}

/**
 * A setting that is a decimal number.
 * @param allowed what it may hold, for people, such as `a number above 0 and below 0.5`
 */
export function decimalSetting(isAllowed: (value: number) => boolean, allowed: string) {
  return numberSetting((text) => {
    const value = readDecimal(text);
    return value !== undefined && isAllowed(value) ? value : undefined;
  }, allowed);
}

function numberSetting(read: (text: string) => number | undefined, allowed: string) {
  return z.string(`give ${allowed}`).transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue(`give ${allowed}`);
    return z.NEVER;
  });
}

/** A setting with a few allowed words. */
export function choiceSetting<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `give one of ${words.join(', ')}`);
}

const HIGHEST_PORT = 65_535;
const GIVE_ADDRESS = `give HOST:PORT, the port from 0 to ${HIGHEST_PORT}`;

/** An address to listen on. Port 0 is a free one. */
export function addressSetting() {
  return z
    .string(GIVE_ADDRESS)
    .refine((address) => Number(/^.+:(\d{1,5})$/.exec(address)?.[1]) <= HIGHEST_PORT, GIVE_ADDRESS);
}

/** What a switch may hold. */
export const SWITCH_WORDS = ['0', '1'] as const;

/** An on/off setting: 1 or 0. */
export function switchSetting() {
  return choiceSetting(SWITCH_WORDS).transform((word) => word === '1');
}
