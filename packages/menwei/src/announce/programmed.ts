/** Whether the proxy of this node leads the traffic of an address where it belongs: before that nothing is announced (load-balancer § 5.3). */
import { familyOf, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';
import type { State } from '../state/state.ts';

export interface ProgrammedServices {
  isProgrammed(service: ObjectKey, address: string): boolean;
  /** Services of which it may be otherwise than before; `all`: of any. */
  take(): readonly ObjectKey[] | 'all';
}

/** As the proxy of this process tells of its service ports. */
export class OwnProxy implements ProgrammedServices, Disposable {
  readonly #families: State['families'];
  readonly #readers;
  readonly #ports: Readonly<Record<IpFamily, Map<ObjectKey, Set<ServicePortKey>>>> = {
    IPv4: new Map(),
    IPv6: new Map(),
  };

  constructor(families: State['families'], onChange: () => void) {
    this.#families = families;
    this.#readers = IP_FAMILIES.map((family) => ({
      family,
      ports: families[family].servicePorts.reader(onChange),
      status: families[family].status.reader(onChange),
      applied: families[family].applied.reader(onChange),
    }));
  }

  isProgrammed(service: ObjectKey, address: string): boolean {
    const family = familyOf(address);
    const { status, applied } = this.#families[family];
    const keys = this.#ports[family].get(service);
    if (keys === undefined) return false;
    return [...keys].every((key) => {
      const port = applied.get(key);
      // What waits for the next sync is led as before until then.
      return port !== undefined && hasAddress(port, address) && status.get(key)?.state !== 'error';
    });
  }

  take(): readonly ObjectKey[] {
    const changed = new Set<ObjectKey>();
    for (const { family, ports, status, applied } of this.#readers) {
      for (const { key, before, after } of ports.take()) {
        const port = after ?? before;
        if (port === undefined) continue;
        const service = objectKey(port.namespace, port.name);
        this.#note(family, service, key, after !== undefined);
        changed.add(service);
      }
      for (const { key } of [...status.take(), ...applied.take()]) {
        const port = this.#families[family].servicePorts.get(key);
        if (port !== undefined) changed.add(objectKey(port.namespace, port.name));
      }
    }
    return [...changed];
  }

  [Symbol.dispose](): void {
    for (const { ports, status, applied } of this.#readers) {
      for (const reader of [ports, status, applied]) reader.close();
    }
  }

  #note(family: IpFamily, service: ObjectKey, key: ServicePortKey, isThere: boolean): void {
    if (isThere) addTo(this.#ports[family], service, key);
    else removeFrom(this.#ports[family], service, key);
  }
}

function hasAddress({ loadBalancerVIPs, externalIPs }: ServicePort, address: string): boolean {
  return loadBalancerVIPs.includes(address) || externalIPs.includes(address);
}
