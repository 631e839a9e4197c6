/** A load balancer in memory behind the contract of providers. It outlives the providers that speak to it. */
import { isDeepStrictEqual } from 'node:util';
import {
  type BalancerChange,
  type BalancerRequest,
  type BalancerStatus,
  type ObservedBalancer,
  type Provider,
  ProviderError,
  type ProviderSupport,
} from 'menwei/loadbalancer/providers/provider.ts';
import type { ObjectKey } from 'menwei/state/object-key.ts';
import { type FaultOptions, Faults } from '../kernel/faults.ts';

/** What the fake has for a Service: all that was asked for. */
export type FakeSpec = BalancerRequest;

interface Kept {
  readonly service: ObjectKey | undefined;
  readonly spec: FakeSpec | undefined;
  readonly drift: string;
}

/** The load balancer itself, by names that carry the cluster they belong to. */
export class FakeBalancer {
  readonly balancers = new Map<string, Kept>();
  /** Its interface answers nobody. */
  isAway = false;

  /** What it has for a Service of a cluster. */
  specOf(cluster: string, service: ObjectKey): FakeSpec | undefined {
    return this.balancers.get(nameOf(cluster, service))?.spec;
  }

  /** Somebody changes something by hand. */
  meddle(cluster: string, service: ObjectKey): void {
    const kept = this.balancers.get(nameOf(cluster, service));
    if (kept !== undefined)
      this.balancers.set(nameOf(cluster, service), { ...kept, drift: 'a server was stopped' });
  }

  /** It loses all, as after a new installation. */
  forget(): void {
    this.balancers.clear();
  }
}

interface FakeProviderOptions {
  readonly cluster: string;
  readonly supports?: Partial<ProviderSupport>;
  /** Without them nothing fails. */
  readonly faults?: FaultOptions;
}

const SUPPORTS: ProviderSupport = {
  protocols: ['TCP'],
  families: ['IPv4', 'IPv6'],
  backends: ['nodes', 'pods'],
  clientAddress: ['snat', 'proxy-v1', 'proxy-v2'],
  mixedProtocols: false,
};

export class FakeProvider implements Provider<FakeSpec> {
  readonly name = 'fake';
  readonly supports: ProviderSupport;
  readonly faults: Faults;
  /** Changes that were made, one each. */
  changes = 0;
  readonly #balancer: FakeBalancer;
  readonly #cluster: string;

  constructor(balancer: FakeBalancer, { cluster, supports, faults }: FakeProviderOptions) {
    this.#balancer = balancer;
    this.#cluster = cluster;
    this.supports = { ...SUPPORTS, ...supports };
    this.faults = new Faults(faults);
  }

  compile(request: BalancerRequest): FakeSpec {
    return request;
  }

  isSame(a: FakeSpec, b: FakeSpec): boolean {
    return isDeepStrictEqual(a, b);
  }

  async observe(signal: AbortSignal): Promise<readonly ObservedBalancer<FakeSpec>[]> {
    await this.#begin(signal);
    if (this.faults.next() !== 'none') throw new ProviderError('injected: it can not be read');
    const own = [...this.#balancer.balancers].filter(([name]) => name.startsWith(`${this.#cluster}:`));
    return own.map(([name, { service, spec, drift }]) => {
      const status = spec === undefined ? undefined : statusOf(spec);
      return { name, service, spec, drift, status };
    });
  }

  async apply(change: BalancerChange<FakeSpec>, signal: AbortSignal): Promise<BalancerStatus | undefined> {
    await this.#begin(signal);
    const fault = this.faults.next();
    if (fault === 'before') throw new ProviderError('injected: nothing was done');
    this.#make(change, fault === 'halfway');
    if (fault !== 'none') throw new ProviderError(`injected: it was done, ${fault}`);
    return change.change === 'put' ? statusOf(change.spec) : undefined;
  }

  async #begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await Promise.resolve();
    if (this.#balancer.isAway) throw new ProviderError('injected: nobody answers');
  }

  #make(change: BalancerChange<FakeSpec>, isHalf: boolean): void {
    const { balancers } = this.#balancer;
    const { service } = change;
    const name =
      service === undefined && change.change === 'remove'
        ? change.name
        : nameOf(this.#cluster, service ?? '');
    if (change.change === 'remove') balancers.delete(name);
    else {
      const half = { ...change.spec, ports: change.spec.ports.slice(0, change.spec.ports.length >> 1) };
      balancers.set(name, { service, spec: isHalf ? half : change.spec, drift: '' });
      this.changes++;
    }
  }
}

function nameOf(cluster: string, service: ObjectKey): string {
  return `${cluster}:${service}`;
}

function statusOf({ addresses }: FakeSpec): BalancerStatus {
  return { ingress: addresses.map((ip) => ({ ip, hostname: '', ipMode: 'Proxy', ports: [] })) };
}
