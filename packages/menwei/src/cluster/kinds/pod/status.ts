/** The status of a pod, as a kubelet or a person writes it. */
import { familyOf, parseIp } from '@menwei/addresses/ip.ts';
import { type FieldError, forbidden, invalid } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { ipErrors } from '../addresses.ts';
import { invalidEach, whyNoDnsSubdomain, whyNoLabelKey } from '../syntax.ts';
import { sidecarsOf } from './sidecars.ts';

type Pod = Messages['core.v1.Pod'];
type PodStatus = Messages['core.v1.PodStatus'];
type ContainerStatus = Messages['core.v1.ContainerStatus'];

const SYSTEM_CONDITIONS: readonly string[] = ['Initialized', 'PodScheduled', 'Ready'];
const STATUS_LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** All but the status stays, and the metadata that clients may write; owners do too. */
export function preparePodStatus(pod: Pod, old: Pod): Pod {
  const { ownerReferences: _, ...metadata } = pod.metadata;
  const { ownerReferences } = old.metadata;
  const qosClass = pod.status?.qosClass || old.status?.qosClass;
  return {
    ...pod,
    metadata: { ...metadata, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
    spec: old.spec ?? {},
    status: { ...pod.status, ...(qosClass === undefined ? {} : { qosClass }) },
  };
}

export function podStatusErrors({ status = {} }: Pod, old: Pod): readonly FieldError[] {
  const oldStatus = old.status ?? {};
  return [
    ...(status.conditions ?? []).flatMap(({ type = '' }, i) => {
      const field = `status.conditions[${i}].Type`;
      return SYSTEM_CONDITIONS.includes(type) ? [] : invalidEach(field, type, whyNoLabelKey(type));
    }),
    ...scalarErrors(status, oldStatus),
    ...STATUS_LISTS.flatMap((name) => transitionErrors(name, status[name] ?? [], old)),
    ...ipListErrors('status.podIPs', status.podIPs ?? [], oldStatus.podIPs ?? []),
    ...ipListErrors('status.hostIPs', status.hostIPs ?? [], oldStatus.hostIPs ?? []),
  ];
}

function scalarErrors(status: PodStatus, old: PodStatus): readonly FieldError[] {
  const { nominatedNodeName = '', observedGeneration = 0, qosClass = '', hostIPs: [first] = [] } = status;
  const errors: FieldError[] = [];
  if (nominatedNodeName !== '' && nominatedNodeName !== old.nominatedNodeName) {
    const whys = whyNoDnsSubdomain(nominatedNodeName);
    errors.push(...invalidEach('status.nominatedNodeName', nominatedNodeName, whys));
  }
  if (observedGeneration < 0) {
    errors.push(invalid('status.observedGeneration', observedGeneration, 'must be a non-negative integer'));
  }
  if (qosClass !== (old.qosClass ?? '')) {
    errors.push(invalid('status.qosClass', qosClass, 'field is immutable'));
  }
  if (first !== undefined && first.ip !== status.hostIP) {
    errors.push(invalid('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`'));
  }
  return errors;
}

interface Ip {
  readonly ip?: string;
}

/** At most one of each family; what was there before may stay. */
function ipListErrors(field: string, list: readonly Ip[], old: readonly Ip[]): readonly FieldError[] {
  const oldIps = new Set(old.map(({ ip }) => ip));
  const ips = list.map(({ ip = '' }) => ip);
  const families = new Set(ips.map((ip) => familyOf(parseIp(ip) ?? ip)));
  return [
    ...ips.flatMap((ip, i) => (oldIps.has(ip) ? [] : ipErrors(`${field}[${i}]`, ip))),
    ...(families.size < ips.length
      ? [invalid(field, list, 'may specify no more than one IP for each IP family')]
      : []),
  ];
}

/** What has ended for good does not run again. */
function transitionErrors(
  name: (typeof STATUS_LISTS)[number],
  statuses: readonly ContainerStatus[],
  { spec = {}, status }: Pod,
): readonly FieldError[] {
  const { restartPolicy } = spec;
  const sidecars = new Set(sidecarsOf(spec).map((one) => one.name));
  const mayRestart = (container: ContainerStatus) => {
    if (name === 'ephemeralContainerStatuses') return false;
    if (restartPolicy === 'Always' || sidecars.has(container.name)) return true;
    return restartPolicy === 'OnFailure' && (container.state?.terminated?.exitCode ?? 0) !== 0;
  };
  const now = new Map(statuses.map((one) => [one.name, one]));
  return (status?.[name] ?? []).flatMap((before, i) => {
    if (before.state?.terminated === undefined || mayRestart(before)) return [];
    const next = now.get(before.name);
    return next === undefined || next.state?.terminated !== undefined
      ? []
      : [forbidden(`status.${name}[${i}].state`, 'may not be transitioned to non-terminated state')];
  });
}
