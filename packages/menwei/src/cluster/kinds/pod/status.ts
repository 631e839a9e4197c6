/** The status of a pod, as a kubelet or a person writes it. */
import { familyOf, parseIp } from '@menwei/addresses/ip.ts';
import { type FieldError, forbidden, invalid } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { ipErrors } from '../addresses.ts';
import { invalidEach, whyNoDnsSubdomain, whyNoLabelKey } from '../syntax.ts';

type Pod = Messages['core.v1.Pod'];
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
  const { conditions = [], nominatedNodeName = '', observedGeneration = 0, qosClass = '' } = status;
  const oldStatus = old.status ?? {};
  const errors: FieldError[] = conditions.flatMap(({ type = '' }, i) => {
    const field = `status.conditions[${i}].Type`;
    return SYSTEM_CONDITIONS.includes(type) ? [] : invalidEach(field, type, whyNoLabelKey(type));
  });
  if (nominatedNodeName !== '' && nominatedNodeName !== oldStatus.nominatedNodeName) {
    errors.push(
      ...invalidEach('status.nominatedNodeName', nominatedNodeName, whyNoDnsSubdomain(nominatedNodeName)),
    );
  }
  if (observedGeneration < 0) {
    errors.push(invalid('status.observedGeneration', observedGeneration, 'must be a non-negative integer'));
  }
  if (qosClass !== (oldStatus.qosClass ?? '')) {
    errors.push(invalid('status.qosClass', qosClass, 'field is immutable'));
  }
  for (const name of STATUS_LISTS) {
    errors.push(...transitionErrors(`status.${name}`, status[name] ?? [], old, name));
  }
  errors.push(...ipListErrors('status.podIPs', status.podIPs ?? [], oldStatus.podIPs ?? []));
  const [first] = status.hostIPs ?? [];
  if (first !== undefined && first.ip !== status.hostIP) {
    errors.push(invalid('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`'));
  }
  errors.push(...ipListErrors('status.hostIPs', status.hostIPs ?? [], oldStatus.hostIPs ?? []));
  return errors;
}

interface Ip {
  readonly ip?: string;
}

/** At most one of each family; what was there before may stay. */
function ipListErrors(field: string, list: readonly Ip[], old: readonly Ip[]): readonly FieldError[] {
  const oldIps = old.map(({ ip }) => ip);
  const ips = list.map(({ ip = '' }) => ip);
  const families = new Set(ips.map((ip) => familyOf(parseIp(ip) ?? ip)));
  return [
    ...ips.flatMap((ip, i) => (oldIps.includes(ip) ? [] : ipErrors(`${field}[${i}]`, ip))),
    ...(families.size < ips.length
      ? [invalid(field, list, 'may specify no more than one IP for each IP family')]
      : []),
  ];
}

/** What has ended for good does not run again. */
function transitionErrors(
  field: string,
  statuses: readonly ContainerStatus[],
  { spec = {}, status }: Pod,
  name: (typeof STATUS_LISTS)[number],
): readonly FieldError[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const mayRestart = (container: ContainerStatus) => {
    if (name === 'ephemeralContainerStatuses') return false;
    if (spec.restartPolicy === 'Always' || sidecars.some((one) => one.name === container.name)) return true;
    return spec.restartPolicy === 'OnFailure' && (container.state?.terminated?.exitCode ?? 0) !== 0;
  };
  return (status?.[name] ?? []).flatMap((before, i) => {
    if (before.state?.terminated === undefined || mayRestart(before)) return [];
    const now = statuses.find((one) => one.name === before.name);
    return now === undefined || now.state?.terminated !== undefined
      ? []
      : [forbidden(`${field}[${i}].state`, 'may not be transitioned to non-terminated state')];
  });
}
