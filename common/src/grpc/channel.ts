/**
 * What a gRPC client of ours is made with: the one place that decides whether its channel may go through a proxy.
 *
 * gRPC's library sends every target through the proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, this machine
 * included, where no proxy can reach it. As other clients do, ours leave out loopback and Unix sockets; elsewhere the proxy
 * and `no_proxy` hold.
 */
import { BlockList, isIP } from 'node:net';
import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';

/** Arguments of a client's constructor. */
export type ChannelArguments = readonly [
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions,
];

/** Addresses of this machine. Who listens on all addresses gives one that is none; a connection to it stays here. */
const HERE = new BlockList();
HERE.addSubnet('127.0.0.0', 8, 'ipv4');
HERE.addAddress('0.0.0.0', 'ipv4');
HERE.addAddress('::1', 'ipv6');
HERE.addAddress('::', 'ipv6');

/**
 * A channel to a target.
 * @param target HOST:PORT or `unix:PATH`
 * @param secured credentials; not given: no TLS
 */
export function channelTo(
  target: string,
  options: ChannelOptions = {},
  secured: ChannelCredentials = credentials.createInsecure(),
): ChannelArguments {
  return [target, secured, isHere(target) ? { ...options, 'grpc.enable_http_proxy': 0 } : options];
}

/** Whether a target, HOST:PORT or `unix:PATH`, is on this machine by its name. */
export function isHere(target: string): boolean {
  if (target.startsWith('unix:')) return true;
  const host = target.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (/^(.*\.)?localhost\.?$/i.test(host)) return true;
  const family = isIP(host);
  return family !== 0 && HERE.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Has channels to a host that others make in this process go through no proxy: they know it by the environment alone. */
export function exemptFromProxies(host: string, environment = process.env): void {
  const { no_grpc_proxy: ours = '', no_proxy: all = '' } = environment;
  const listed = ours === '' ? all : ours;
  environment.no_grpc_proxy = listed === '' ? host : `${listed},${host}`;
}
