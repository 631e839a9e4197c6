/** Whether a Node is heard of, and what becomes of it and its pods when it is not (cluster § 11.8). Pure. */
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { Messages } from '../../schema/messages.ts';

type Node = StoredKinds['nodes'];
type Pod = StoredKinds['pods'];
type Taint = Messages['core.v1.Taint'];

/** A node that was heard of so long ago is not alive. */
const GRACE_MS = 50_000;
/** One that was never heard of since it was made has a little longer. */
const STARTUP_GRACE_MS = 60_000;

/** By the status of the Ready condition. */
const TAINTS: Readonly<Record<string, string | undefined>> = {
  True: undefined,
  False: 'node.kubernetes.io/not-ready',
  Unknown: 'node.kubernetes.io/unreachable',
};
const OWN_TAINTS = Object.values(TAINTS);
const EFFECTS = ['NoSchedule', 'NoExecute'];

/** What a heartbeat shows by: it was one if this has become another. */
export function heartbeatOf(node: Node, lease: StoredKinds['leases'] | undefined): string {
  return JSON.stringify([lease?.spec?.renewTime, readyOf(node)?.lastHeartbeatTime]);
}

/** @param heardMs when the last heartbeat was seen */
export function silenceEndsMs(heardMs: number, isNew: boolean): number {
  return heardMs + (isNew ? STARTUP_GRACE_MS : GRACE_MS);
}

export function readyOf({ status }: Node): Messages['core.v1.NodeCondition'] | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

/** The status of a Node that is not heard of any more. */
export function silentNode(node: Node, now: string): Node {
  const former = readyOf(node);
  const ready = {
    ...former,
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastTransitionTime: now,
  };
  const others = node.status?.conditions?.filter(({ type }) => type !== 'Ready') ?? [];
  return { ...node, status: { ...node.status, conditions: [...others, ready] } };
}

/** The taints say what the Ready condition says, or nothing says anything. */
export function isTaintedRight(node: Node): boolean {
  const status = readyOf(node)?.status ?? '';
  if (!Object.hasOwn(TAINTS, status)) return true;
  const own = (node.spec?.taints ?? []).filter(({ key }) => OWN_TAINTS.includes(key));
  const wanted = TAINTS[status];
  if (wanted === undefined) return own.length === 0;
  const has = (effect: string) => own.some((taint) => taint.key === wanted && taint.effect === effect);
  return own.length === EFFECTS.length && EFFECTS.every(has);
}

/** With the taints that the Ready condition asks for; those of others stay. */
export function withRightTaints(node: Node, now: string): Node {
  const wanted = TAINTS[readyOf(node)?.status ?? ''];
  const others = (node.spec?.taints ?? []).filter(({ key }) => !OWN_TAINTS.includes(key));
  const own: readonly Taint[] =
    wanted === undefined ? [] : EFFECTS.map((effect) => ({ key: wanted, effect, timeAdded: now }));
  return { ...node, spec: { ...node.spec, taints: [...others, ...own] } };
}

/** Its node is not heard of, so nobody knows: it gets no traffic. */
export function unreadyPod(pod: Pod, now: string): Pod {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' && condition.status === 'True'
      ? { ...condition, status: 'False', lastTransitionTime: now }
      : condition,
  );
  return { ...pod, status: { ...pod.status, conditions } };
}
