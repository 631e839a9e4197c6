/** What a ServiceCIDR needs next (cluster § 9.7). Pure. */
import { type Cidr, cidrContains, parseCidr } from '@menwei/addresses/ip.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { Messages } from '../../schema/messages.ts';

export type ServiceCidr = StoredKinds['servicecidrs'];
type Condition = Messages['meta.Condition'];

export const DEFAULT_CIDR = 'kubernetes';
export const CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
/** From the last address gone to the CIDR gone: time for whoever was about to use one. */
const GRACE_MS = 10_000;

export type CidrStep =
  | { readonly action: 'none' }
  | { readonly action: 'add finalizer' }
  | { readonly action: 'set condition'; readonly condition: Condition }
  /** And look again. */
  | { readonly action: 'wait'; readonly ms: number }
  | { readonly action: 'remove finalizer' };

/**
 * @param isInUse addresses are taken that are in no other CIDR; asked for one that is being deleted
 * @param releasedMs when that was found to be no more so; undefined before
 */
export function nextStep(
  cidr: ServiceCidr,
  isInUse: () => boolean,
  releasedMs: number | undefined,
  nowMs: number,
): CidrStep {
  const { metadata, status } = cidr;
  const finalizers = metadata.finalizers ?? [];
  const isDefault = metadata.name === DEFAULT_CIDR;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (metadata.deletionTimestamp !== undefined) {
    if (!finalizers.includes(CIDR_FINALIZER)) return { action: 'none' };
    if (isInUse() || ready?.status === 'True') return conditionStep(ready, TERMINATING);
    const leftMs = (releasedMs ?? nowMs) + GRACE_MS - nowMs;
    return leftMs > 0 ? { action: 'wait', ms: leftMs } : { action: 'remove finalizer' };
  }
  if (!isDefault && !finalizers.includes(CIDR_FINALIZER)) return { action: 'add finalizer' };
  // One that was told something else keeps it.
  return ready?.status === 'True'
    ? { action: 'none' }
    : conditionStep(ready, isDefault ? DEFAULT_READY : READY);
}

const READY: Condition = {
  type: 'Ready',
  status: 'True',
  reason: '',
  message: 'Kubernetes Service CIDR is ready',
};
const DEFAULT_READY: Condition = { ...READY, message: 'Kubernetes default Service CIDR is ready' };
const TERMINATING: Condition = {
  type: 'Ready',
  status: 'False',
  reason: 'Terminating',
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

function conditionStep(present: Condition | undefined, condition: Condition): CidrStep {
  const isSame = present !== undefined && textOf(present) === textOf(condition);
  return isSame ? { action: 'none' } : { action: 'set condition', condition };
}

function textOf({ status, reason = '', message }: Condition): string {
  return JSON.stringify([status, reason, message]);
}

/** With the condition in the place of the one of its type. */
export function withCondition(
  present: readonly Condition[],
  condition: Condition,
  now: string,
): readonly Condition[] {
  const former = present.find(({ type }) => type === condition.type);
  const isSame = former !== undefined && former.status === condition.status;
  const lastTransitionTime = isSame ? (former.lastTransitionTime ?? now) : now;
  const others = present.filter(({ type }) => type !== condition.type);
  return [...others, { ...condition, lastTransitionTime }];
}

/** Whether an address lies in this ServiceCIDR and in none of the others. */
export function isAloneIn(ip: string, own: readonly Cidr[], others: readonly Cidr[]): boolean {
  return own.some((cidr) => cidrContains(cidr, ip)) && !others.some((cidr) => cidrContains(cidr, ip));
}

export function cidrsOf({ spec }: ServiceCidr): readonly Cidr[] {
  return (spec?.cidrs ?? []).map(parseCidr).filter((cidr) => cidr !== undefined);
}
