/** The endpoints that a Service should have in one family, each in the group of its ports (cluster § 11.1). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Messages } from '../../schema/messages.ts';
import { type EndpointPort, portsKey, portsOfPod } from './endpoint-ports.ts';
import type { NodeFacts } from './node-facts.ts';
import { compareAge, ipsOfFamily, type PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';

export type Endpoint = Messages['discovery.v1.Endpoint'];

/** Those who offer the same ports share slices. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  /** By the uid of the pod, in the order in which they should stand. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

export interface SkippedPod {
  readonly name: string;
  /** For people: `Node n1 Not Found`. */
  readonly why: string;
}

interface WantedEndpoints {
  /** By {@link portsKey}. */
  readonly groups: ReadonlyMap<string, EndpointGroup>;
  /** Selected, and left out: because of what stands in the way. */
  readonly skipped: readonly SkippedPod[];
}

const CLOSE: readonly string[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

export type Nodes = ReadonlyMap<string, NodeFacts>;

/** @param pods those that the Service selects, in any order */
export function wantedEndpoints(
  service: ServiceFacts,
  pods: Iterable<PodFacts>,
  nodes: Nodes,
  family: IpFamily,
): WantedEndpoints {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Map<string, Endpoint> }>();
  const skipped: SkippedPod[] = [];
  for (const pod of [...pods].sort(compareAge)) {
    if (pod.isFinished) continue;
    const [unusable] = ipsOfFamily(pod.unusableIps, family);
    // One bad address must not hold up the others.
    if (unusable !== undefined)
      skipped.push({ name: pod.name, why: `${unusable} can't be the address of an endpoint` });
    const ips = ipsOfFamily(pod.ips, family);
    if (ips.length === 0) continue;
    const node = nodes.get(pod.nodeName);
    // One that was given no Node at all waits for none.
    if (node === undefined && pod.nodeName !== '' && !service.publishesNotReady) {
      skipped.push({ name: pod.name, why: `Node ${pod.nodeName} Not Found` });
      continue;
    }
    const ports = portsOfPod(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: new Map() };
    groups.set(key, group);
    group.endpoints.set(pod.uid, endpointOf(service, pod, ips, node));
  }
  return { groups, skipped };
}

/** The pod's DNS name goes by way of this Service. */
export function hostnameFor(service: ServiceFacts, pod: PodFacts): string | undefined {
  return pod.hostname !== '' && pod.subdomain === service.name ? pod.hostname : undefined;
}

function endpointOf(
  service: ServiceFacts,
  pod: PodFacts,
  addresses: readonly string[],
  node: NodeFacts | undefined,
): Endpoint {
  const { isReady, isTerminating, nodeName, namespace, name, uid } = pod;
  const ready = service.publishesNotReady || (isReady && !isTerminating);
  const hostname = hostnameFor(service, pod);
  const hints = ready ? hintsFor(service, nodeName, node?.zone ?? '') : undefined;
  return {
    addresses,
    conditions: { ready, serving: isReady, terminating: isTerminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName === '' ? {} : { nodeName }),
    ...(node === undefined || node.zone === '' ? {} : { zone: node.zone }),
    ...(hints === undefined ? {} : { hints }),
  };
}

/** Those of `trafficDistribution`, which depend on nothing but the endpoint. */
function hintsFor(service: ServiceFacts, nodeName: string, zone: string): Endpoint['hints'] | undefined {
  const { isTopologyAware, trafficDistribution = '' } = service;
  if (isTopologyAware || !CLOSE.includes(trafficDistribution)) return undefined;
  const hints = {
    ...(zone === '' ? {} : { forZones: [{ name: zone }] }),
    ...(nodeName === '' || trafficDistribution !== 'PreferSameNode'
      ? {}
      : { forNodes: [{ name: nodeName }] }),
  };
  return Object.keys(hints).length === 0 ? undefined : hints;
}
