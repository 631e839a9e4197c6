/** Containers of a pod: what would break those that read them. What is only for a kubelet is stored unread. */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  notSupportedInOrder,
  required,
} from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { protocolErrors } from '../protocols.ts';
import { invalidEach, whyNoDnsLabel, whyNoPort, whyNoPortName } from '../syntax.ts';
import { noProbesErrors, probeListErrors } from './probes.ts';
import { isSidecar } from './sidecars.ts';

type Container = Messages['core.v1.Container'];
type ContainerPort = Messages['core.v1.ContainerPort'];

const PULL_POLICIES: readonly string[] = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES: readonly string[] = ['File', 'FallbackToLogsOnError'];

export function containerListErrors(field: string, containers: readonly Container[]): readonly FieldError[] {
  if (containers.length === 0) return [required(field)];
  const taken = new Set<string>();
  return [
    ...containers.flatMap((container, i) => {
      const { name = '' } = container;
      const isTaken = taken.has(name);
      taken.add(name);
      return [
        ...containerErrors(`${field}[${i}]`, container),
        ...(isTaken ? [duplicate(`${field}[${i}].name`, name)] : []),
        ...probeListErrors(`${field}[${i}]`, container),
      ];
    }),
    ...hostPortConflicts(field, containers),
  ];
}

/** @param regular those that the names must differ from */
export function initContainerErrors(
  field: string,
  containers: readonly Container[],
  regular: readonly Container[],
): readonly FieldError[] {
  const taken = new Set(regular.map(({ name }) => name));
  return containers.flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const { name = '' } = container;
    const isTaken = taken.has(name);
    if (name !== '') taken.add(name);
    return [
      ...containerErrors(at, container),
      ...(isTaken ? [duplicate(`${at}.name`, name)] : []),
      ...hostPortConflicts(field, [container]),
      ...(isSidecar(container) ? probeListErrors(at, container) : noProbesErrors(at, container)),
    ];
  });
}

function containerErrors(field: string, container: Container): readonly FieldError[] {
  const { name = '', image = '', ports = [], imagePullPolicy: pullPolicy = '' } = container;
  const { terminationMessagePolicy: messagePolicy = '' } = container;
  const pullField = `${field}.imagePullPolicy`;
  const messageField = `${field}.terminationMessagePolicy`;
  return [
    ...(name === '' ? [required(`${field}.name`)] : invalidEach(`${field}.name`, name, whyNoDnsLabel(name))),
    ...(image === '' ? [required(`${field}.image`)] : []),
    ...(image.trim() === image
      ? []
      : [invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')]),
    ...(MESSAGE_POLICIES.includes(messagePolicy)
      ? []
      : [notSupportedInOrder(messageField, messagePolicy, MESSAGE_POLICIES)]),
    ...portListErrors(`${field}.ports`, ports),
    ...(PULL_POLICIES.includes(pullPolicy) ? [] : [notSupported(pullField, pullPolicy, PULL_POLICIES)]),
  ];
}

function portListErrors(field: string, ports: readonly ContainerPort[]): readonly FieldError[] {
  const taken = new Set<string>();
  return ports.flatMap(({ name = '', containerPort = 0, hostPort = 0, protocol }, i) => {
    const at = `${field}[${i}]`;
    const whys = name === '' ? [] : whyNoPortName(name);
    const isTaken = taken.has(name);
    if (name !== '' && whys.length === 0) taken.add(name);
    return [
      ...invalidEach(`${at}.name`, name, whys),
      ...(isTaken ? [duplicate(`${at}.name`, name)] : []),
      ...(containerPort === 0
        ? [required(`${at}.containerPort`)]
        : invalidEach(`${at}.containerPort`, containerPort, whyNoPort(containerPort))),
      ...(hostPort === 0 ? [] : invalidEach(`${at}.hostPort`, hostPort, whyNoPort(hostPort))),
      ...protocolErrors(`${at}.protocol`, protocol),
    ];
  });
}

function hostPortConflicts(field: string, containers: readonly Container[]): readonly FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, hostIP = '', protocol = '' }, j) => {
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (hostPort === 0) return [];
      if (taken.has(key)) return [duplicate(`${field}[${i}].ports[${j}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}
