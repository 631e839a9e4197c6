/** The spec of a pod (cluster § 10.3). */
import { type FieldError, forbidden, invalid, notSupportedInOrder } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { ipErrors } from '../addresses.ts';
import { labelErrors } from '../metadata.ts';
import { invalidEach, whyNoDnsLabel, whyNoDnsSubdomain, whyNoLabelKey, whyNotBetween } from '../syntax.ts';
import { tolerationErrors } from '../taints.ts';
import { containerListErrors, initContainerErrors } from './containers.ts';

type PodSpec = Messages['core.v1.PodSpec'];

const RESTART_POLICIES: readonly string[] = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES: readonly string[] = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const PREEMPTION_POLICIES: readonly string[] = ['PreemptLowerPriority', 'Never'];
const MAX_SECONDS = 2 ** 31 - 1;

export function podSpecErrors(spec: PodSpec): readonly FieldError[] {
  const containers = spec.containers ?? [];
  return [
    ...containerListErrors('spec.containers', containers),
    ...initContainerErrors('spec.initContainers', spec.initContainers ?? [], containers),
    ...hostNetworkErrors(spec),
    ...choiceErrors('spec.restartPolicy', spec.restartPolicy, RESTART_POLICIES),
    ...choiceErrors('spec.dnsPolicy', spec.dnsPolicy, DNS_POLICIES),
    ...choiceErrors('spec.preemptionPolicy', spec.preemptionPolicy, PREEMPTION_POLICIES),
    ...labelErrors('spec.nodeSelector', spec.nodeSelector),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = '' }, i) =>
      invalidEach(`spec.readinessGates[${i}].conditionType`, conditionType, whyNoLabelKey(conditionType)),
    ),
    ...nameErrors(spec),
    ...deadlineErrors(spec.activeDeadlineSeconds),
    ...tolerationErrors('spec.tolerations', spec.tolerations ?? []),
    ...(spec.hostAliases ?? []).flatMap(({ ip = '', hostnames = [] }, i) => [
      ...ipErrors(`spec.hostAliases[${i}].ip`, ip),
      ...hostnames.flatMap((name, j) =>
        invalidEach(`spec.hostAliases[${i}].hostnames[${j}]`, name, whyNoDnsSubdomain(name)),
      ),
    ]),
  ];
}

/** What only a new pod may not have. */
export function newPodErrors({
  ephemeralContainers,
  nodeName,
  schedulingGates,
}: PodSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (nodeName && (schedulingGates ?? []).length > 0) {
    const why = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbidden('spec.nodeName', why));
  }
  return errors;
}

function hostNetworkErrors({ hostNetwork, containers }: PodSpec): readonly FieldError[] {
  if (hostNetwork !== true) return [];
  return (containers ?? []).flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, containerPort = 0 }, j) => {
      const field = `spec.containers[${i}].ports[${j}].hostPort`;
      return hostPort === containerPort
        ? []
        : [invalid(field, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

function nameErrors(spec: PodSpec): readonly FieldError[] {
  const { serviceAccountName, nodeName, hostname, subdomain, priorityClassName, runtimeClassName } = spec;
  const subdomains = { serviceAccountName, nodeName, priorityClassName, runtimeClassName };
  return [
    ...Object.entries(subdomains).flatMap(([field, name]) =>
      name ? invalidEach(`spec.${field}`, name, whyNoDnsSubdomain(name)) : [],
    ),
    ...Object.entries({ hostname, subdomain }).flatMap(([field, name]) =>
      name ? invalidEach(`spec.${field}`, name, whyNoDnsLabel(name)) : [],
    ),
  ];
}

function deadlineErrors(seconds: number | undefined): readonly FieldError[] {
  if (seconds === undefined) return [];
  return invalidEach('spec.activeDeadlineSeconds', seconds, whyNotBetween(seconds, 1, MAX_SECONDS));
}

function choiceErrors(
  field: string,
  value: string | undefined,
  choices: readonly string[],
): readonly FieldError[] {
  return value === undefined || choices.includes(value) ? [] : [notSupportedInOrder(field, value, choices)];
}
