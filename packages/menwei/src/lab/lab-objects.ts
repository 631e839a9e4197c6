/** The Node and Pod objects of a lab: what a kubelet would say of its hosts. Pure. */
import { DEFAULT_PORTS, type NodeSpec, type PodSpec } from '@menwei/lab/topology.ts';
import type { Messages } from '../cluster/schema/messages.ts';
import { formatTime } from '../cluster/schema/time.ts';
import { TO_BE_DELETED_TAINT } from '../kubernetes/node-exclusion.ts';

type Node = Messages['core.v1.Node'];
type Pod = Messages['core.v1.Pod'];

export const DEFAULT_NAMESPACE = 'default';
/** Of the one container that a pod of the lab is said to have. */
const CONTAINER = 'echo';
const IMAGE = 'menwei/echo';

/** The machine that all nodes run on. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** `6.18.0` */
  readonly kernelVersion: string;
  /** `amd64` */
  readonly architecture: string;
  /** Of menwei. */
  readonly version: string;
}

export function nodeObject(spec: NodeSpec, machine: Machine, nowMs: number): Node {
  const { name, ip, ip6, podCIDR, podCIDR6, zone, labels } = spec;
  const podCIDRs = [podCIDR, podCIDR6].filter((range) => range !== undefined);
  const room = { cpu: `${machine.cpus}`, memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`, pods: '110' };
  const now = formatTime(nowMs);
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': machine.architecture,
        ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
        ...labels,
      },
    },
    spec: { podCIDR, podCIDRs },
    status: {
      capacity: room,
      allocatable: room,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
          reason: 'LabIsUp',
          message: 'the lab has this node up',
        },
      ],
      addresses: [
        ...[ip, ip6]
          .filter((address) => address !== undefined)
          .map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        kernelVersion: machine.kernelVersion,
        osImage: 'network namespace of a lab',
        containerRuntimeVersion: `menwei://${machine.version}`,
        kubeletVersion: `menwei-lab-${machine.version}`,
        operatingSystem: 'linux',
        architecture: machine.architecture,
      },
    },
  };
}

const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** Cordoned and about to be removed, or neither. */
export function withDraining(node: Node, isDraining: boolean, nowMs: number): Node {
  const others = (node.spec?.taints ?? []).filter(
    ({ key }) => key !== TO_BE_DELETED_TAINT && key !== UNSCHEDULABLE,
  );
  const taints = [
    { key: UNSCHEDULABLE, effect: 'NoSchedule' },
    // Its value is the second since when.
    { key: TO_BE_DELETED_TAINT, value: `${Math.floor(nowMs / 1000)}`, effect: 'NoSchedule' },
  ];
  const { unschedulable: _, taints: __, ...spec } = node.spec ?? {};
  if (isDraining) return { ...node, spec: { ...spec, unschedulable: true, taints: [...others, ...taints] } };
  return { ...node, spec: { ...spec, ...(others.length === 0 ? {} : { taints: others }) } };
}

/** Without its status: see {@link podStatus}. */
export function podObject(spec: PodSpec): Pod {
  const { name, namespace = DEFAULT_NAMESPACE, node, hostNetwork, ports = DEFAULT_PORTS, portNames } = spec;
  const containerPorts = ports.flatMap((containerPort) => {
    // Names are unique in a pod.
    const named = portNames?.get(containerPort);
    return [
      { ...(named === undefined ? {} : { name: named }), containerPort, protocol: 'TCP' },
      { containerPort, protocol: 'UDP' },
    ];
  });
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: spec.labels ?? { app: withoutNumber(name) } },
    spec: {
      nodeName: node,
      ...(hostNetwork === true ? { hostNetwork } : {}),
      containers: [{ name: CONTAINER, image: IMAGE, ports: containerPorts }],
    },
  };
}

/** `web` of `web-1` */
function withoutNumber(name: string): string {
  return name.replace(/-\d+$/, '');
}

/** What there is to say of a pod. */
export interface RunningPod {
  readonly spec: PodSpec;
  /** The one it is on. */
  readonly node: NodeSpec;
  readonly startedMs: number;
  readonly isReady: boolean;
  /** Since when it is, or is not. */
  readonly sinceMs: number;
}

export function podStatus(pod: RunningPod): NonNullable<Pod['status']> {
  const { spec, node, startedMs, isReady, sinceMs } = pod;
  const startTime = formatTime(startedMs);
  const addresses = [spec, node].map(({ ip, ip6 }) => [ip, ip6].filter((address) => address !== undefined));
  const [own = [], hosts = []] = addresses;
  const pods = spec.hostNetwork === true ? hosts : own;
  const readiness = {
    status: isReady ? 'True' : 'False',
    lastTransitionTime: formatTime(sinceMs),
    ...(isReady
      ? {}
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${CONTAINER}]` }),
  };
  const done = { status: 'True', lastTransitionTime: startTime };
  return {
    phase: 'Running',
    conditions: [
      { type: 'PodReadyToStartContainers', ...done },
      { type: 'Initialized', ...done },
      { type: 'Ready', ...readiness },
      { type: 'ContainersReady', ...readiness },
      { type: 'PodScheduled', ...done },
    ],
    ...(hosts[0] === undefined ? {} : { hostIP: hosts[0] }),
    hostIPs: hosts.map((ip) => ({ ip })),
    ...(pods[0] === undefined ? {} : { podIP: pods[0] }),
    podIPs: pods.map((ip) => ({ ip })),
    startTime,
    containerStatuses: [
      {
        name: CONTAINER,
        state: { running: { startedAt: startTime } },
        ready: isReady,
        started: true,
        restartCount: 0,
        image: IMAGE,
        imageID: '',
      },
    ],
    qosClass: 'BestEffort',
  };
}
