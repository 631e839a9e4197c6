/** What a Service is to have of ours, compared with what it has: pure, and empty when nothing is to be written. */
import { isDeepStrictEqual } from 'node:util';
import type { Condition, LoadBalancerDetails, StatusIngress } from '../kubernetes/load-balancer-objects.ts';
import type { Trouble } from './pools/allocation.ts';

export const READY_CONDITION = 'menwei.dev/LoadBalancerReady';
/** Of a message. */
const MOST_CHARACTERS = 4_096;
const PORTS_ERROR_CONDITION = 'LoadBalancerPortsError';

/** What {@link READY_CONDITION} is to say. */
export type Readiness =
  | { readonly status: 'True'; readonly reason: 'Announced' | 'Provisioned'; readonly message: string }
  | ({ readonly status: 'False' | 'Unknown' } & Trouble);

type WantedCondition = Omit<Condition, 'lastTransitionTime'>;

/** All that is ours of a Service. */
export interface WantedStatus {
  /** Undefined: none of ours. */
  readonly finalizer: string | undefined;
  /** Undefined: stays as it is. */
  readonly ingress: readonly StatusIngress[] | undefined;
  /** Undefined: there is to be no such condition. */
  readonly ready: Readiness | undefined;
  /** Undefined: there is to be no such condition. */
  readonly portsError: WantedCondition | undefined;
  /** Undefined: there is to be no such annotation. */
  readonly annotations: Readonly<Record<string, string | undefined>>;
}

/** One difference. What is undefined or not named stays as it is. */
export interface StatusChange {
  readonly addFinalizer?: string;
  readonly removeFinalizers?: readonly string[];
  readonly ingress?: readonly StatusIngress[];
  /** By type; undefined: it goes. */
  readonly conditions?: ReadonlyMap<string, Condition | undefined>;
  /** By name; undefined: it goes. */
  readonly annotations?: ReadonlyMap<string, string | undefined>;
}

/**
 * Undefined: nothing is to be changed.
 *
 * @param nowMs since the epoch
 * @param stale finalizers that are to go
 */
export function diffStatus(
  details: LoadBalancerDetails,
  wanted: WantedStatus,
  nowMs: number,
  stale: readonly string[] = [],
): StatusChange | undefined {
  const conditions = diffConditions(details, wanted, nowMs);
  const annotations = diffAnnotations(details.annotations, wanted.annotations);
  const { finalizer, ingress } = wanted;
  const isAdded = finalizer !== undefined && !details.finalizers.includes(finalizer);
  const isMoved = ingress !== undefined && !isDeepStrictEqual(ingress, details.ingress);
  const change: StatusChange = {
    ...(isAdded ? { addFinalizer: finalizer } : {}),
    ...(stale.length > 0 ? { removeFinalizers: stale } : {}),
    ...(isMoved ? { ingress } : {}),
    ...(conditions.size > 0 ? { conditions } : {}),
    ...(annotations.size > 0 ? { annotations } : {}),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

function diffConditions(
  { conditions }: LoadBalancerDetails,
  { ready, portsError }: WantedStatus,
  nowMs: number,
): ReadonlyMap<string, Condition | undefined> {
  const wanted: readonly [string, WantedCondition | undefined][] = [
    [READY_CONDITION, ready === undefined ? undefined : { type: READY_CONDITION, ...ready }],
    [PORTS_ERROR_CONDITION, portsError],
  ];
  const changes = new Map<string, Condition | undefined>();
  for (const [type, condition] of wanted) {
    const before = conditions.find((one) => one.type === type);
    if (condition === undefined) {
      if (before !== undefined) changes.set(type, undefined);
      continue;
    }
    const { status, reason } = condition;
    const message = bounded(condition.message);
    const isSameStatus = before?.status === status;
    if (isSameStatus && before.reason === reason && before.message === message) continue;
    const lastTransitionTime = isSameStatus ? before.lastTransitionTime : formatTime(nowMs);
    changes.set(type, { type, status, reason, message, lastTransitionTime });
  }
  return changes;
}

/** Whatever a Service or a load balancer says: its status must not become too large to be written. */
function bounded(message: string): string {
  return message.length <= MOST_CHARACTERS ? message : `${message.slice(0, MOST_CHARACTERS - 1)}…`;
}

function diffAnnotations(
  annotations: ReadonlyMap<string, string>,
  wanted: WantedStatus['annotations'],
): ReadonlyMap<string, string | undefined> {
  return new Map(Object.entries(wanted).filter(([name, value]) => annotations.get(name) !== value));
}

/** RFC 3339, in whole seconds, as `metav1.Time` is written. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Entries of `status.loadBalancer.ingress` for addresses that clients' packets come to as they are sent. */
export function vipIngress(addresses: readonly string[]): readonly StatusIngress[] {
  return addresses.map((ip) => ({ ip, hostname: '', ipMode: 'VIP', ports: [] }));
}
