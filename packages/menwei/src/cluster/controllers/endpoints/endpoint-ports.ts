/** The ports that a pod offers to a Service, and when two sets of ports are the same. */
import type { Messages } from '../../schema/messages.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';
import { compareText } from './text-order.ts';

export type EndpointPort = Messages['discovery.v1.EndpointPort'];

/** A name that the pod lacks for the protocol loses that port, and no other (CQ-17). In the order of {@link comparePorts}. */
export function portsOfPod(service: ServiceFacts, pod: PodFacts): readonly EndpointPort[] {
  const ports = service.ports.flatMap(({ name, protocol, appProtocol, target }) => {
    const port = typeof target === 'number' ? target : findPort(pod, target, protocol);
    if (port === undefined) return [];
    return [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
  return ports.toSorted(comparePorts);
}

/** Equal for equal ports in whatever order. */
export function portsKey(ports: readonly EndpointPort[]): string {
  return JSON.stringify(ports.toSorted(comparePorts).map(fieldsOf));
}

/** By name, number, protocol. */
export function comparePorts(one: EndpointPort, other: EndpointPort): number {
  const [name, port, protocol] = fieldsOf(one);
  const [otherName, otherPort, otherProtocol] = fieldsOf(other);
  return compareText(name, otherName) || port - otherPort || compareText(protocol, otherProtocol);
}

function fieldsOf({ name = '', port = 0, protocol = 'TCP', appProtocol = '' }: EndpointPort) {
  return [name, port, protocol, appProtocol] as const;
}

function findPort(pod: PodFacts, name: string, protocol: string): number | undefined {
  return pod.ports.find((port) => port.name === name && port.protocol === protocol)?.number;
}
