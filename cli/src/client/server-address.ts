/** The address of a service that a client connects to. */
import { isIPv6 } from 'node:net';
import { InvalidInputError } from '@irispair/common/errors/errors';

const HIGHEST_PORT = 65_535;
const GIVE = 'give HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051';

/**
 * Checks an address.
 * @param field how messages call it
 * @returns the address as given
 * @throws InvalidInputError saying what is wrong
 */
export function parseServerAddress(text: string, field = 'server'): string {
  const problem = problemOf(text);
  if (problem === undefined) return text;
  throw new InvalidInputError(field, `${JSON.stringify(text)} ${problem}: ${GIVE}`);
}

function problemOf(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (/\s/.test(text)) return 'has blanks';
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) return `begins with ${scheme}, which a gRPC address has not`;
  if (text.includes('/')) return 'has a slash, which a gRPC address has not';
  if (/^[^[].*:.*:|^::/.test(text)) return 'has several colons, and an IPv6 address needs brackets';
  const [, host = '', port = ''] = /^(.*?)(?::(\d*))?$/.exec(text) ?? [];
  if (port === '') return 'has no port';
  if (Number(port) < 1 || Number(port) > HIGHEST_PORT)
    return `has a port that is not from 1 to ${HIGHEST_PORT}`;
  const inBrackets = /^\[(.*)\]$/.exec(host)?.[1];
  if (inBrackets !== undefined)
    return isIPv6(inBrackets) ? undefined : 'has brackets around what is no IPv6 address';
  if (host === '') return 'has no host';
  return /^[\w.-]+$/.test(host) ? undefined : 'has a host that is no name and no address';
}
