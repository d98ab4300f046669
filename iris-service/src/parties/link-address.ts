/** Addresses of links. */

/** Where a party listens. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Takes HOST:PORT apart, as settings have checked it; an IPv6 host may stand in brackets. */
export function hostPort(address: string): HostPort {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  return { host, port: Number(port) };
}
