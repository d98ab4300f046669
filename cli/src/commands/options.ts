/** Options that several commands share. */
import { Option } from 'commander';

/** Where the service is. */
export function serverOption(): Option {
  return new Option('--server <host:port>', 'address of the graph service')
    .env('IRISPAIR_SERVER')
    .default('127.0.0.1:50051');
}

/** Output for programs. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** Options of a command that talks to a service. */
export interface ServerOptions {
  readonly server: string;
  readonly json?: boolean;
}
