/** A few Services of both families, and what becomes of them. */
import { formatHostPort, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import type { EndpointSlice, Service } from 'menwei/kubernetes/objects.ts';
import type { ObjectTables } from 'menwei/state/object-tables.ts';
import type { Dice } from './dice.ts';
import { NODE, POD_PORT, PODS, type Pod, podIP } from './site.ts';

const NUMBERS = [1, 2, 3, 4] as const;
const PORT = 80;

/** How an endpoint is; those that are not there are not in the list. */
type Condition = 'ready' | 'leaving';

interface Offer {
  readonly service: Service;
  readonly pods: ReadonlyMap<Pod, Condition>;
}

function serviceIP(family: IpFamily, number: number): string {
  return `${family === 'IPv4' ? '172.30.0.' : 'fd00:30::'}${number}`;
}

export function externalIP(family: IpFamily, number: number): string {
  return `${family === 'IPv4' ? '203.0.113.' : '2001:db8::'}${number}`;
}

export class World {
  readonly #dice: Dice;
  readonly #offers = new Map<number, Offer>();
  /** Everybody who is told. */
  readonly listeners = new Set<ObjectTables>();

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  get numbers(): readonly number[] {
    return [...this.#offers.keys()];
  }

  /** Pods that new connections may go to. */
  readyPods(number: number): readonly Pod[] {
    const pods = [...(this.#offers.get(number)?.pods ?? [])];
    const ready = pods.filter(([, condition]) => condition === 'ready').map(([pod]) => pod);
    return ready.length > 0 ? ready : pods.map(([pod]) => pod);
  }

  target(family: IpFamily, number: number): string {
    return formatHostPort(serviceIP(family, number), PORT);
  }

  /** Publishes a Service, or publishes it anew with the same pods. */
  publish(number: number, isPlain = false): void {
    const pods =
      this.#offers.get(number)?.pods ?? new Map(this.#dice.some(PODS).map((pod) => [pod, 'ready']));
    this.#put(number, { service: isPlain ? plain(number) : this.#anyService(number), pods });
  }

  withdraw(number: number): void {
    this.#offers.delete(number);
    for (const objects of this.listeners) {
      objects.delete({ kind: 'Service', namespace: 'ns', name: `web-${number}` });
      for (const family of IP_FAMILIES) {
        objects.delete({ kind: 'EndpointSlice', namespace: 'ns', name: sliceName(number, family) });
      }
    }
  }

  setPods(number: number, pods: ReadonlyMap<Pod, Condition>): void {
    const offer = this.#offers.get(number);
    if (offer !== undefined) this.#put(number, { ...offer, pods });
  }

  /** Takes some pods away, lets some leave, or brings some back; at least one stays ready. */
  shufflePods(number: number): void {
    const staying = this.#dice.pick(PODS);
    const pods = new Map<Pod, Condition>();
    for (const pod of PODS) {
      if (pod === staying || this.#dice.chance(0.5)) pods.set(pod, 'ready');
      else if (this.#dice.chance(0.4)) pods.set(pod, 'leaving');
    }
    this.setPods(number, pods);
  }

  /** Any one change but to the Services of these numbers. */
  change(untouched: readonly number[] = []): void {
    const number = this.#dice.pick(NUMBERS.filter((each) => !untouched.includes(each)));
    if (!this.#offers.has(number)) {
      this.publish(number);
      return;
    }
    const what = this.#dice.pick(['withdraw', 'empty', 'publish', 'shuffle', 'shuffle', 'shuffle']);
    if (what === 'withdraw') this.withdraw(number);
    else if (what === 'empty') this.setPods(number, new Map());
    else if (what === 'publish') this.publish(number);
    else this.shufflePods(number);
  }

  /** Tells of everything there is. */
  tellAll(objects: ObjectTables): void {
    for (const [number, offer] of this.#offers) tell(objects, number, offer);
  }

  #put(number: number, offer: Offer): void {
    this.#offers.set(number, offer);
    for (const objects of this.listeners) tell(objects, number, offer);
  }

  #anyService(number: number): Service {
    const dice = this.#dice;
    const hasNodePort = dice.chance(0.5);
    const ranges = dice.chance(0.3) ? [externalIP('IPv4', 200), externalIP('IPv6', 200)] : [];
    return aService({
      ...plain(number),
      type: hasNodePort ? 'NodePort' : 'ClusterIP',
      ports: [
        { name: 'http', port: PORT, nodePort: hasNodePort ? 30_000 + number : 0 },
        ...(dice.chance(0.5) ? [{ name: 'dns', protocol: 'UDP' as const, port: 53 }] : []),
      ],
      externalIPs: dice.chance(0.5) ? IP_FAMILIES.map((family) => externalIP(family, number)) : [],
      loadBalancerIngress: [],
      loadBalancerSourceRanges: ranges.map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`),
      sessionAffinitySeconds: dice.chance(0.2) ? 60 : 0,
      externalTrafficPolicy: hasNodePort && dice.chance(0.3) ? 'Local' : 'Cluster',
    });
  }
}

function plain(number: number): Service {
  const clusterIPs = { IPv4: serviceIP('IPv4', number), IPv6: serviceIP('IPv6', number) };
  return aService({ name: `web-${number}`, clusterIPs, ports: [{ name: 'http', port: PORT }] });
}

function sliceName(number: number, family: IpFamily): string {
  return `web-${number}-${family.toLowerCase()}`;
}

function tell(objects: ObjectTables, number: number, { service, pods }: Offer): void {
  objects.put(service);
  for (const family of IP_FAMILIES) objects.put(aSliceOf(number, family, service, pods));
}

function aSliceOf(
  number: number,
  family: IpFamily,
  service: Service,
  pods: ReadonlyMap<Pod, Condition>,
): EndpointSlice {
  return aSlice({
    name: sliceName(number, family),
    serviceName: service.name,
    addressType: family,
    ports: service.ports.map(({ name, protocol }) => ({ name, protocol, port: POD_PORT })),
    endpoints: [...pods].map(([pod, condition]) => ({
      ip: podIP(family, pod),
      nodeName: NODE,
      ready: condition === 'ready',
      serving: true,
      terminating: condition === 'leaving',
    })),
  });
}
