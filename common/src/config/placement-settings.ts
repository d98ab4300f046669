/** The settings that say where both services run. The `IRIS_MPC_*` names are those that operators already use. */
import type { z } from 'zod';
import { choiceSetting, integerSetting, switchSetting } from './environment.js';

const HIGHEST_NODE = 1023;

/** Node setting: not set means that the service chooses. */
function nodeSetting() {
  return integerSetting(0, HIGHEST_NODE).optional();
}

/** Zod shape to spread into a service's schema. */
export const PLACEMENT_SETTINGS = {
  /** Wanted placement; not set: `split` with two or more usable nodes, else `shared`. */
  IRISPAIR_PLACEMENT: choiceSetting(['split', 'shared', 'off']).optional(),
  /** Stop rather than fall back when the wanted placement cannot be had. */
  IRISPAIR_PLACEMENT_STRICT: switchSetting().default(false),
  /** What binds memory under `split`: the service itself, or the cgroup that it was started in, as a kubelet does. */
  IRISPAIR_MEMORY_BINDING: choiceSetting(['process', 'cgroup']).default('process'),
  /** NUMA node of the graph service. */
  IRIS_MPC_NUMA_TOKIO_NODE: nodeSetting(),
  /** NUMA node of the iris service's threads. */
  IRIS_MPC_NUMA_WORKER_NODE: nodeSetting(),
  /** NUMA node of the irises; not set: the worker node. */
  IRIS_MPC_NUMA_MEMORY_NODE: nodeSetting(),
} satisfies z.ZodRawShape;

/** Checked placement settings. */
export type PlacementSettings = z.output<z.ZodObject<typeof PLACEMENT_SETTINGS>>;
