/** A pod of a file stands for a process that runs elsewhere: what its status is, as far as nobody looks at the process. Pure. */
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import { formatTime } from '../schema/time.ts';

type Pod = StoredKinds['pods'];
type PodStatus = NonNullable<Pod['status']>;

const POD_IP = 'menwei.dev/pod-ip';

/** Undefined: it has what it needs. */
export function staticPodFault({ metadata, spec = {} }: Pod): string | undefined {
  if (!spec.nodeName) return 'spec.nodeName: is not set: nothing gives a pod of a file its node';
  const hasAddress = spec.hostNetwork === true || metadata.annotations?.[POD_IP] !== undefined;
  return hasAddress
    ? undefined
    : `its address is not known: set the annotation ${POD_IP}, or spec.hostNetwork`;
}

/** @param nodeIps of its Node, for who uses the node's network */
export function staticPodStatus(
  pod: Pod,
  current: Pod,
  nodeIps: readonly string[],
  nowMs: number,
): PodStatus {
  const given = pod.metadata.annotations?.[POD_IP]?.split(',').map((ip) => ip.trim());
  const ips = given ?? nodeIps;
  const [podIP] = ips;
  const status = current.status ?? {};
  const containers = pod.spec?.containers ?? [];
  const addresses = {
    phase: 'Running',
    ...(podIP === undefined ? {} : { podIP, podIPs: ips.map((ip) => ({ ip })) }),
    ...(nodeIps[0] === undefined ? {} : { hostIP: nodeIps[0] }),
    startTime: status.startTime ?? current.metadata.creationTimestamp ?? formatTime(nowMs),
  };
  // Nobody probes it yet: whoever knows says so.
  if (containers.some(({ readinessProbe }) => readinessProbe !== undefined))
    return { ...status, ...addresses };
  return {
    ...status,
    ...addresses,
    conditions: ['Ready', 'ContainersReady'].map((type) => readyCondition(type, status, nowMs)),
    containerStatuses: containers.map(({ name = '', image = '' }) => ({
      ...{ name, image, imageID: '', ready: true, restartCount: 0 },
      state: { running: { startedAt: addresses.startTime } },
    })),
  };
}

function readyCondition(type: string, { conditions }: PodStatus, nowMs: number) {
  const before = conditions?.find((condition) => condition.type === type);
  const since = before?.status === 'True' ? before.lastTransitionTime : undefined;
  return { type, status: 'True', lastTransitionTime: since ?? formatTime(nowMs) };
}
