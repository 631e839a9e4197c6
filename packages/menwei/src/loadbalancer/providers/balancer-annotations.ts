/** What a Service's annotations say about the load balancer outside of the cluster (docs/annotations.md). */
import { quote } from '../../kubernetes/decode-text.ts';
import type { Backends, ClientAddress } from './provider.ts';

export const BALANCER_ANNOTATIONS = {
  backends: 'menwei.dev/backends',
  proxyProtocol: 'menwei.dev/proxy-protocol',
} as const;

export interface BalancerAnnotations {
  /** Undefined: as the load balancer does it unless told otherwise. */
  readonly backends: Backends | undefined;
  readonly clientAddress: ClientAddress;
}

/** `annotation menwei.dev/backends: "podz" is none of nodes, pods` */
type Unreadable = string;

const BACKENDS: readonly Backends[] = ['nodes', 'pods'];
const PROXY_PROTOCOLS: ReadonlyMap<string, ClientAddress> = new Map([
  ['v1', 'proxy-v1'],
  ['v2', 'proxy-v2'],
]);

export function readBalancerAnnotations(
  annotations: ReadonlyMap<string, string>,
): BalancerAnnotations | Unreadable {
  const textOf = (name: string) => annotations.get(name)?.trim() ?? '';
  const backends = readBackends(textOf(BALANCER_ANNOTATIONS.backends));
  if (backends === 'unreadable') return refuse(BALANCER_ANNOTATIONS.backends, annotations, BACKENDS);
  const clientAddress = readClientAddress(textOf(BALANCER_ANNOTATIONS.proxyProtocol));
  if (clientAddress === undefined)
    return refuse(BALANCER_ANNOTATIONS.proxyProtocol, annotations, [...PROXY_PROTOCOLS.keys()]);
  return { backends, clientAddress };
}

function refuse(
  name: string,
  annotations: ReadonlyMap<string, string>,
  allowed: readonly string[],
): Unreadable {
  return `annotation ${name}: ${quote(annotations.get(name) ?? '')} is none of ${allowed.join(', ')}`;
}

function readBackends(text: string): Backends | undefined | 'unreadable' {
  return text === '' ? undefined : (BACKENDS.find((one) => one === text) ?? 'unreadable');
}

function readClientAddress(text: string): ClientAddress | undefined {
  return text === '' ? 'snat' : PROXY_PROTOCOLS.get(text);
}
