/** Settings of the graph service, from environment variables. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { readCommandLine } from '@irispair/common/config/command-line';
import {
  addressSetting,
  choiceSetting,
  decimalSetting,
  integerSetting,
  readEnvironment,
  shareSetting,
  type Environment,
} from '@irispair/common/config/environment';
import { MONITORING_SETTINGS } from '@irispair/common/config/monitoring-settings';
import { PARTY_SETTINGS, partyAddressesSetting } from '@irispair/common/config/party-settings';
import { PLACEMENT_SETTINGS } from '@irispair/common/config/placement-settings';
import { STORE_SETTINGS, storeSetting } from '@irispair/common/config/store-settings';
import { TRACING_SETTINGS } from '@irispair/common/config/tracing-settings';
import { socketSetting } from '@irispair/common/config/socket-setting';
import { MASK_RULES } from '@irispair/common/iris/masks';
import { LOG_LEVELS } from '@irispair/common/log/logger';
import { DEFAULT_THRESHOLD, isThreshold, THRESHOLDS } from '@irispair/common/matching/threshold';
import { MOST_NEIGHBOURS } from './graph/parameters.js';

const SETTINGS = z.object({
  ...PLACEMENT_SETTINGS,
  ...MONITORING_SETTINGS,
  ...TRACING_SETTINGS,
  ...PARTY_SETTINGS,
  /** Whether the HTTP port shows the page for operators; `auto`: where it is on loopback. */
  IRISPAIR_PAGE: choiceSetting(['on', 'off', 'auto']).default('auto'),
  /** Address of the public API. */
  IRISPAIR_LISTEN: addressSetting().default('127.0.0.1:50051'),
  /** Open connections of the public API at most; further ones are refused. */
  IRISPAIR_MAX_CONNECTIONS: integerSetting(1, 100_000).default(1_000),
  /** Seconds after which a connection of the public API without calls is closed. */
  IRISPAIR_IDLE_SECONDS: integerSetting(1, 86_400).default(300),
  /** Seconds after which a call is ended whose client reads no answer, or sends no whole request. */
  IRISPAIR_UNREAD_SECONDS: integerSetting(1, 86_400).default(60),
  /** What open calls may hold together, MiB; further ones are refused. */
  IRISPAIR_CALL_MEBIBYTES: integerSetting(1, 1_024).default(256),
  /** Unix socket of the iris service. */
  IRISPAIR_IRIS_SOCKET: socketSetting().default('/run/irispair/iris.sock'),
  ...STORE_SETTINGS,
  /** Directory of the graph store, or its PostgreSQL URL. */
  IRISPAIR_GRAPH_STORE: storeSetting().default('/var/lib/irispair/graph'),
  /** Match threshold, fractional Hamming distance. */
  IRISPAIR_THRESHOLD: decimalSetting(isThreshold, THRESHOLDS).default(DEFAULT_THRESHOLD),
  /** What is done about masks whose real and imaginary parts differ: pixels count of which both are usable, or it is refused. */
  IRISPAIR_MASKS: choiceSetting(MASK_RULES).default('combine'),
  /** Rotations tried. */
  IRISPAIR_ROTATIONS: choiceSetting(['11', '31']).default('11'),
  /** How searches find candidates. */
  IRISPAIR_INDEX: choiceSetting(['hnsw', 'exact', 'auto']).default('auto'),
  /** Neighbours chosen for a new node; not set: by size. */
  IRISPAIR_M: integerSetting(2, MOST_NEIGHBOURS).optional(),
  /** Neighbours kept in a row; not set: by size. */
  IRISPAIR_M_MAX: integerSetting(2, MOST_NEIGHBOURS).optional(),
  /** Size of a search's neighbourhood; not set: by size. */
  IRISPAIR_EF: integerSetting(1, 65_535).optional(),
  /** Irises expected: rows of the graph are laid out for it. */
  IRIS_STORE_INITIAL_CAPACITY: integerSetting(1, 0xffff_fffe).default(100_000),
  /** Threads that walk the graph. */
  IRISPAIR_WALKERS: integerSetting(1, 256).default(Math.max(1, availableParallelism() - 1)),
  /** Requests decided together at most. */
  IRISPAIR_BATCH_SIZE: integerSetting(1, 1_024).default(32),
  /** Milliseconds for which a batch is collected. */
  IRISPAIR_BATCH_MILLISECONDS: integerSetting(0, 1_000).default(2),
  /** Requests waiting at most; further ones are refused. */
  IRISPAIR_QUEUE_SIZE: integerSetting(1, 1_000_000).default(4_096),
  /** Share of the searches by walks that are repeated exactly on idle time. */
  IRISPAIR_AUDIT_SHARE: shareSetting().default(0.01),
  /** Secret-shared mode: where the three graph services agree, party 0 first. Party 0 listens, the others join it. */
  IRISPAIR_AGREEMENT: partyAddressesSetting().optional(),
  /** Where party 0 listens for the other two; not set: at its own address of IRISPAIR_AGREEMENT. */
  IRISPAIR_AGREEMENT_LISTEN: addressSetting().optional(),
  /** Secret-shared mode: milliseconds for which a request waits to arrive at all three parties. */
  IRISPAIR_ARRIVAL_MILLISECONDS: integerSetting(1, 600_000).default(5_000),
  IRISPAIR_LOG_LEVEL: choiceSetting(LOG_LEVELS).default('info'),
});

/** Checked settings. */
export type GraphServiceSettings = z.output<typeof SETTINGS>;

/** `--store` stands for its variable. */
const OPTIONS = { store: { setting: 'IRISPAIR_GRAPH_STORE', kind: 'value' } } as const;

/** @throws MisconfiguredError naming every wrong variable, or what is wrong on the command line */
export function readGraphServiceSettings(
  environment: Environment,
  commandLine: readonly string[] = [],
): GraphServiceSettings {
  return readEnvironment(SETTINGS, readCommandLine(commandLine, environment, OPTIONS));
}
