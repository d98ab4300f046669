/** Settings of the iris service, from environment variables. */
import { z } from 'zod';
import {
  addressSetting,
  choiceSetting,
  integerSetting,
  readEnvironment,
  switchSetting,
  type Environment,
} from '@irispair/common/config/environment';
import { columnsSetting } from '@irispair/common/config/columns-setting';
import { readCommandLine } from '@irispair/common/config/command-line';
import { MONITORING_SETTINGS } from '@irispair/common/config/monitoring-settings';
import { PARTY_SETTINGS, partyAddressesSetting } from '@irispair/common/config/party-settings';
import { PLACEMENT_SETTINGS } from '@irispair/common/config/placement-settings';
import { STORE_SETTINGS, storeSetting } from '@irispair/common/config/store-settings';
import { TRACING_SETTINGS } from '@irispair/common/config/tracing-settings';
import { socketSetting } from '@irispair/common/config/socket-setting';
import { LOG_LEVELS } from '@irispair/common/log/logger';

const HIGHEST_CAPACITY = 0xffff_fffe;

const SETTINGS = z.object({
  ...PLACEMENT_SETTINGS,
  ...MONITORING_SETTINGS,
  ...TRACING_SETTINGS,
  ...PARTY_SETTINGS,
  /** Where the iris services of the three parties take each other's links, `HOST:PORT` each. */
  IRISPAIR_PARTIES: partyAddressesSetting().optional(),
  /** Where this one listens for the other parties; not set: at its own address of IRISPAIR_PARTIES. */
  IRISPAIR_PARTY_LISTEN: addressSetting().optional(),
  /** Unix socket to listen on. */
  IRISPAIR_IRIS_SOCKET: socketSetting().default('/run/irispair/iris.sock'),
  /** Name or number of the group that may connect to the socket; not set: the service's own. */
  IRISPAIR_SOCKET_GROUP: z.string('give the name or the number of a group').optional(),
  ...STORE_SETTINGS,
  /** Directory or `postgres://` URL of the store. */
  IRISPAIR_IRIS_STORE: storeSetting().default('/var/lib/irispair/iris'),
  /** Columns of every code; not set: what the store says, 200 in a new one. */
  IRISPAIR_COLUMNS: columnsSetting().optional(),
  /** Make an empty store where there is none; otherwise a place without one is refused. */
  IRISPAIR_STORE_CREATE: switchSetting().default(false),
  /** Load what can be loaded of a PostgreSQL table with bad rows, and log the others; otherwise it is refused. */
  IRISPAIR_SKIP_BAD_ROWS: switchSetting().default(false),
  /** Connections that read a PostgreSQL table side by side when the service starts. */
  IRISPAIR_STORE_LOAD_CONNECTIONS: integerSetting(1, 64).default(4),
  /** Irises that the first segment of each arena holds. */
  IRIS_STORE_INITIAL_CAPACITY: integerSetting(1, HIGHEST_CAPACITY).default(100_000),
  /** Irises beyond which enrolment is refused. */
  IRISPAIR_STORE_MAXIMUM_CAPACITY: integerSetting(1, HIGHEST_CAPACITY).default(HIGHEST_CAPACITY),
  /** Whether arenas use 2 MiB hugepages. */
  IRISPAIR_HUGEPAGES: choiceSetting(['require', 'prefer', 'off']).default('prefer'),
  /** Where hugetlbfs is mounted. */
  IRISPAIR_HUGETLBFS: z.string('give a directory').default('/mnt/hugepages-2MB'),
  /** Seconds after which an unreleased query expires. */
  IRISPAIR_QUERY_EXPIRY_SECONDS: integerSetting(1, 86_400).default(300),
  IRISPAIR_LOG_LEVEL: choiceSetting(LOG_LEVELS).default('info'),
});

/** Checked settings. */
export type IrisServiceSettings = z.output<typeof SETTINGS>;

/** `--store`, `--create` and `--skip-bad-rows` stand for their variables. */
const OPTIONS = {
  store: { setting: 'IRISPAIR_IRIS_STORE', kind: 'value' },
  create: { setting: 'IRISPAIR_STORE_CREATE', kind: 'switch' },
  'skip-bad-rows': { setting: 'IRISPAIR_SKIP_BAD_ROWS', kind: 'switch' },
} as const;

/** @throws MisconfiguredError naming every wrong variable, or what is wrong on the command line */
export function readIrisServiceSettings(
  environment: Environment,
  commandLine: readonly string[] = [],
): IrisServiceSettings {
  return readEnvironment(SETTINGS, readCommandLine(commandLine, environment, OPTIONS));
}
