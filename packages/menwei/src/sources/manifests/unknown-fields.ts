/** Fields of a Service that Kubernetes does not have: a misspelt one restricts nothing, so its author is told. */
import type { V1Service, V1ServicePort, V1ServiceSpec } from '@kubernetes/client-node';
import { isFields } from '../../kubernetes/decode-reader.ts';

const SPEC_FIELDS: Readonly<Record<keyof V1ServiceSpec, true>> = {
  allocateLoadBalancerNodePorts: true,
  clusterIP: true,
  clusterIPs: true,
  externalIPs: true,
  externalName: true,
  externalTrafficPolicy: true,
  healthCheckNodePort: true,
  internalTrafficPolicy: true,
  ipFamilies: true,
  ipFamilyPolicy: true,
  loadBalancerClass: true,
  loadBalancerIP: true,
  loadBalancerSourceRanges: true,
  ports: true,
  publishNotReadyAddresses: true,
  selector: true,
  sessionAffinity: true,
  sessionAffinityConfig: true,
  trafficDistribution: true,
  type: true,
};

const PORT_FIELDS: Readonly<Record<keyof V1ServicePort, true>> = {
  appProtocol: true,
  name: true,
  nodePort: true,
  port: true,
  protocol: true,
  targetPort: true,
};

/** Of many such fields in one object only the first are told. */
const MOST_TOLD = 5;

/** Their paths; empty for anything but a Service. */
export function findUnknownFields(value: unknown): readonly string[] {
  if (!isFields<V1Service>(value) || value.kind !== 'Service') return [];
  const spec = isFields<V1ServiceSpec>(value.spec) ? value.spec : {};
  const ports: readonly unknown[] = Array.isArray(spec.ports) ? spec.ports : [];
  const unknown = [
    ...unknownIn('spec', spec, SPEC_FIELDS),
    ...ports.flatMap((port, index) => unknownIn(`spec.ports[${index}]`, port, PORT_FIELDS)),
  ];
  return unknown.slice(0, MOST_TOLD);
}

function unknownIn(path: string, value: unknown, fields: Readonly<Record<string, true>>): readonly string[] {
  if (!isFields<object>(value)) return [];
  return Object.keys(value)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => `${path}.${name}`);
}
