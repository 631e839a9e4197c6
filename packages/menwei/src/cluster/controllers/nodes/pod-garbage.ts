/** Which pods nobody will ever end (cluster § 11.8). Pure. */

export interface PodState {
  /** `namespace/name` */
  readonly key: string;
  readonly nodeName: string;
  readonly createdAt: string;
  /** Succeeded or Failed. */
  readonly isFinished: boolean;
  /** When its grace ends, in milliseconds since the epoch; undefined if it is not being deleted. */
  readonly endsMs: number | undefined;
}

/**
 * - `gone`: for longer than a Node takes to come back
 * - `away`: it is not there, and may come back
 * - `unattended`: nobody has ever renewed a Lease for it, so no kubelet ends its pods
 */
export type NodeState = 'attended' | 'unattended' | 'away' | 'gone';

const MAX_FINISHED_PODS = 12_500;

/**
 * @param told a pod may be told more than once
 * @returns keys of pods to be deleted without grace
 */
export function podGarbage(
  told: readonly PodState[],
  nodeState: (nodeName: string) => NodeState,
  nowMs: number,
): readonly string[] {
  const pods = Array.from(new Map(told.map((pod) => [pod.key, pod])).values());
  const ended = pods.filter((pod) => isEnded(pod, nodeState, nowMs));
  const finished = pods.filter(({ isFinished }) => isFinished);
  const surplus = Math.max(finished.length - MAX_FINISHED_PODS, 0);
  const oldest = finished
    .toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1))
    .slice(0, surplus);
  return [...new Set([...ended, ...oldest].map(({ key }) => key))];
}

function isEnded(
  { nodeName, endsMs }: PodState,
  nodeState: (name: string) => NodeState,
  nowMs: number,
): boolean {
  if (nodeName === '') return endsMs !== undefined;
  const state = nodeState(nodeName);
  return state === 'gone' || (state === 'unattended' && endsMs !== undefined && endsMs <= nowMs);
}
