/**
 * What every rendered pod must keep to, whoever admits it: nothing privileged, no image without a version, limits that equal
 * requests, probes, and the restricted pod security standard where memory is bound by the cgroup.
 */
import { z } from 'zod';
import type { Manifest } from './chart.js';

const QUANTITY = z.union([z.string(), z.number()]).optional();
const RESOURCES = z.strictObject({ cpu: QUANTITY, memory: QUANTITY, 'hugepages-2Mi': QUANTITY }).default({});
const KINDS = ['cpu', 'memory', 'hugepages-2Mi'] as const;

const CONTAINER = z.looseObject({
  name: z.string(),
  image: z.string(),
  resources: z.object({ requests: RESOURCES, limits: RESOURCES }).default({ requests: {}, limits: {} }),
  securityContext: z
    .looseObject({
      privileged: z.boolean().default(false),
      allowPrivilegeEscalation: z.boolean().default(true),
      readOnlyRootFilesystem: z.boolean().default(false),
      runAsNonRoot: z.boolean().default(false),
      runAsUser: z.number().optional(),
      capabilities: z
        .object({ drop: z.array(z.string()).default([]), add: z.array(z.string()).default([]) })
        .default({ drop: [], add: [] }),
    })
    .optional(),
  startupProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
});

const POD = z.looseObject({
  hostNetwork: z.boolean().default(false),
  hostPID: z.boolean().default(false),
  hostIPC: z.boolean().default(false),
  automountServiceAccountToken: z.boolean().default(true),
  securityContext: z.looseObject({
    runAsNonRoot: z.boolean().default(false),
    seccompProfile: z.object({ type: z.string() }).optional(),
  }),
  initContainers: z.array(CONTAINER).default([]),
  containers: z.array(CONTAINER),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
});
export type Pod = z.output<typeof POD>;
export type Container = z.output<typeof CONTAINER>;

/** A workload's pod, and whether it goes on until it is stopped. */
export interface Workload {
  readonly name: string;
  readonly pod: Pod;
  readonly serves: boolean;
}

const TEMPLATED = z.object({ template: z.object({ spec: POD }) });
/** Volumes of the restricted standard. */
const ALLOWED_VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** All workloads among manifests. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const { name } = metadata;
    if (kind === 'Pod') return [{ name, pod: POD.parse(spec), serves: false }];
    if (!['StatefulSet', 'Deployment', 'DaemonSet', 'Job'].includes(kind)) return [];
    return [{ name, pod: TEMPLATED.parse(spec).template.spec, serves: kind !== 'Job' }];
  });
}

/** What a workload breaks. @param mayBind whether its containers may add SYS_NICE */
export function breaches({ name, pod, serves }: Workload, mayBind: boolean): string[] {
  const found = [
    ...(pod.hostNetwork || pod.hostPID || pod.hostIPC ? ['shares a namespace with its host'] : []),
    ...(pod.automountServiceAccountToken ? ['mounts a token'] : []),
    ...(pod.securityContext.seccompProfile?.type === 'RuntimeDefault' ? [] : ['has no seccomp profile']),
    ...pod.volumes
      .filter((volume) => Object.keys(volume).some((key) => key !== 'name' && !ALLOWED_VOLUMES.has(key)))
      .map((volume) => `has volume ${volume.name} of a kind that the restricted standard forbids`),
    ...[...pod.initContainers, ...pod.containers].flatMap((container) =>
      containerBreaches(container, mayBind, serves).map((breach) => `${container.name} ${breach}`),
    ),
  ];
  return found.map((breach) => `${name}: ${breach}`);
}

function containerBreaches(container: Container, mayBind: boolean, serves: boolean): string[] {
  const { image, resources, securityContext } = container;
  const { requests, limits } = resources;
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
  const added = securityContext?.capabilities.add ?? [];
  return [
    ...(image.endsWith(':latest') || !/(:[^:/]+|@sha256:[0-9a-f]{64})$/.test(image)
      ? [`runs ${image}, of no version`]
      : []),
    ...(securityContext?.privileged === false ? [] : ['is privileged, or says nothing of it']),
    ...(securityContext?.allowPrivilegeEscalation === false ? [] : ['may gain privileges']),
    ...(securityContext?.readOnlyRootFilesystem === true ? [] : ['may write to its root']),
    ...(securityContext?.runAsNonRoot === true && securityContext.runAsUser !== 0 ? [] : ['may be root']),
    ...(securityContext?.capabilities.drop.includes('ALL') === true ? [] : ['keeps capabilities']),
    ...(added.every((capability) => mayBind && capability === 'SYS_NICE')
      ? []
      : [`adds ${added.join(', ')}`]),
    ...(['cpu', 'memory'] as const)
      .filter((what) => limits[what] === undefined)
      .map((what) => `has no limit of ${what}`),
    ...KINDS.filter((what) => requests[what] !== limits[what]).map(
      (what) => `asks for ${String(requests[what])} and is limited to ${String(limits[what])} of ${what}`,
    ),
    ...(Number.isInteger(Number(limits.cpu)) ? [] : [`has ${String(limits.cpu)} CPUs, no whole number`]),
    ...(serves
      ? probes.filter((probe) => container[probe] === undefined).map((probe) => `has no ${probe}`)
      : []),
  ];
}
