/** Services of both IP families that come, go and change at random, as an API server tells of them. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import type { Dice } from '../test/stress/dice.ts';

const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const NODES = '/api/v1/nodes';
const NAMESPACE = 'churn';
const PODS = 40;
const MOST_ENDPOINTS = 12;
/** So many of the Services are there at a time, on average. */
const PRESENCE = 0.9;

export const NODE = 'node-a';
export const NODE_IPS = { IPv4: '192.168.49.2', IPv6: 'fd00:49::2' } as const;
export const CLUSTER_CIDRS = '10.244.0.0/16,fd00:10:244::/56';

export class ChurnObjects {
  readonly #server: FakeApiServer;
  readonly #dice: Dice;
  readonly #services: number;
  readonly #there = new Set<number>();

  /** Begins with nearly all of so many Services. */
  constructor(server: FakeApiServer, dice: Dice, services: number) {
    this.#server = server;
    this.#dice = dice;
    this.#services = services;
    server.put(NODES, {
      metadata: { name: NODE },
      spec: { podCIDRs: ['10.244.0.0/24', 'fd00:10:244::/64'] },
      status: {
        addresses: IP_FAMILIES.map((family) => ({ type: 'InternalIP', address: NODE_IPS[family] })),
      },
    });
    for (let number = 0; number < services; number++) if (dice.chance(PRESENCE)) this.#add(number);
  }

  /** Any one change. */
  change(): void {
    const number = this.#dice.below(this.#services);
    const what = this.#dice.below(10);
    if (!this.#there.has(number)) this.#add(number);
    else if (what === 0) this.#remove(number);
    else if (what === 1) this.#putService(number);
    else this.#putSlice(number, this.#dice.pick(IP_FAMILIES));
  }

  #add(number: number): void {
    this.#there.add(number);
    this.#putService(number);
    for (const family of IP_FAMILIES) this.#putSlice(number, family);
  }

  #remove(number: number): void {
    this.#there.delete(number);
    this.#server.delete(SERVICES, NAMESPACE, serviceName(number));
    for (const family of IP_FAMILIES) this.#server.delete(SLICES, NAMESPACE, sliceName(number, family));
  }

  #putService(number: number): void {
    const dice = this.#dice;
    const hasNodePort = dice.chance(0.2);
    const ranges = dice.chance(0.5) ? { loadBalancerSourceRanges: ['203.0.113.0/24', '2001:db8::/64'] } : {};
    const ingress = dice.chance(0.1) ? [{ ip: `198.51.100.${1 + (number % 250)}` }] : [];
    this.#server.put(SERVICES, {
      metadata: { name: serviceName(number), namespace: NAMESPACE },
      spec: {
        type: ingress.length > 0 ? 'LoadBalancer' : hasNodePort ? 'NodePort' : 'ClusterIP',
        clusterIP: clusterIP(number, 'IPv4'),
        clusterIPs: IP_FAMILIES.map((family) => clusterIP(number, family)),
        ipFamilies: IP_FAMILIES,
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', ...(hasNodePort ? { nodePort: 30_000 + number } : {}) },
          ...(dice.chance(0.3) ? [{ name: 'dns', port: 53, protocol: 'UDP' }] : []),
        ],
        sessionAffinity: dice.chance(0.1) ? 'ClientIP' : 'None',
        externalTrafficPolicy: hasNodePort && dice.chance(0.3) ? 'Local' : 'Cluster',
        externalIPs: dice.chance(0.1) ? [`203.0.113.${1 + (number % 250)}`] : [],
        ...(ingress.length > 0 ? ranges : {}),
      },
      ...(ingress.length > 0 ? { status: { loadBalancer: { ingress } } } : {}),
    });
  }

  #putSlice(number: number, family: IpFamily): void {
    const dice = this.#dice;
    const first = dice.below(PODS);
    const count = dice.chance(0.1) ? 0 : 1 + dice.below(MOST_ENDPOINTS);
    const endpoints = Array.from({ length: count }, (_, index) => {
      const isLeaving = dice.chance(0.1);
      return {
        addresses: [podIP((first + index) % PODS, family)],
        nodeName: dice.chance(0.3) ? NODE : 'node-b',
        conditions: { ready: !isLeaving, serving: true, terminating: isLeaving },
      };
    });
    const labels = { 'kubernetes.io/service-name': serviceName(number) };
    const metadata = { name: sliceName(number, family), namespace: NAMESPACE, labels };
    this.#server.put(SLICES, {
      metadata,
      addressType: family,
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'dns', port: 5353, protocol: 'UDP' },
      ],
      endpoints,
    });
  }
}

function serviceName(number: number): string {
  return `web-${number}`;
}

function sliceName(number: number, family: IpFamily): string {
  return `${serviceName(number)}-${family.toLowerCase()}`;
}

function clusterIP(number: number, family: IpFamily): string {
  const host = number + 1;
  return family === 'IPv4' ? `172.30.${host >> 8}.${host & 255}` : `fd00:30::${host.toString(16)}`;
}

function podIP(pod: number, family: IpFamily): string {
  return family === 'IPv4' ? `10.244.1.${1 + pod}` : `fd00:10:244:1::${(1 + pod).toString(16)}`;
}
