/** What the API server would have chosen for a Service, or refused: a manifest has to give it. */
import type { V1ObjectMeta, V1Service, V1ServiceSpec } from '@kubernetes/client-node';
import { parseIp } from '@menwei/addresses/ip.ts';
import { hasTag } from '../../kubernetes/decode-metadata.ts';
import { isFields, type Unchecked } from '../../kubernetes/decode-reader.ts';
import { show } from '../../kubernetes/decode-text.ts';
import { annotationField, type Service } from '../../kubernetes/objects.ts';

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The API server's `--service-node-port-range` unless it is told otherwise. */
export const DEFAULT_NODE_PORT_RANGE: PortRange = { first: 30_000, last: 32_767 };

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** `raw` is the Service with its defaults, `service` the same decoded. */
export function checkAllocations(raw: unknown, service: Service, range: PortRange): readonly FieldProblem[] {
  const spec = isFields<V1Service>(raw) && isFields<V1ServiceSpec>(raw.spec) ? raw.spec : {};
  return [...checkClusterIP(spec, service), ...checkNodePorts(service, range)];
}

/** Only cloud controllers read it, and there is none here: who relies on it keeps nobody out. */
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function findUnreadRanges(raw: unknown, service: Service): readonly FieldProblem[] {
  const metadata = isFields<V1Service>(raw) && isFields<V1ObjectMeta>(raw.metadata) ? raw.metadata : {};
  const isGuarded = service.loadBalancerSourceRanges.length > 0 || service.hasUnreadableSourceRange;
  if (!hasTag(metadata.annotations, SOURCE_RANGES) || isGuarded) return [];
  const message = 'is not supported, so all sources are allowed; use spec.loadBalancerSourceRanges';
  return [{ field: annotationField(SOURCE_RANGES), message }];
}

function checkClusterIP(spec: Unchecked<V1ServiceSpec>, service: Service): readonly FieldProblem[] {
  if (service.type === 'ExternalName' || spec.clusterIP === 'None') return [];
  const { clusterIP, clusterIPs } = spec;
  if (typeof clusterIP !== 'string' || clusterIP === '') {
    return [{ field: 'spec.clusterIP', message: 'missing; a manifest must set it to an address or None' }];
  }
  const first: unknown = Array.isArray(clusterIPs) ? clusterIPs[0] : undefined;
  if (typeof first === 'string' && parseIp(first) !== parseIp(clusterIP)) {
    return [
      { field: 'spec.clusterIPs[0]', message: `${show(first)} is not spec.clusterIP, ${show(clusterIP)}` },
    ];
  }
  return [];
}

function checkNodePorts(service: Service, range: PortRange): readonly FieldProblem[] {
  const ports = service.ports.map(({ nodePort }, index) => ({
    field: `spec.ports[${index}].nodePort`,
    nodePort,
  }));
  const healthCheck = { field: 'spec.healthCheckNodePort', nodePort: service.healthCheckNodePort };
  return [...ports, healthCheck].flatMap(({ field, nodePort }) => {
    if (nodePort === 0) {
      const needed = service.type === 'NodePort' && field !== healthCheck.field;
      return needed ? [{ field, message: 'missing; a manifest must set it' }] : [];
    }
    const isInRange = nodePort >= range.first && nodePort <= range.last;
    return isInRange ? [] : [{ field, message: `${nodePort} is outside ${range.first}-${range.last}` }];
  });
}
