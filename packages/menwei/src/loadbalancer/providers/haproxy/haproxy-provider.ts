/**
 * HAProxy as a load balancer (load-balancer § 8.3). What is wanted is written to its configuration file first, always; what
 * it can learn while it runs it is told at once, and for the rest it is reloaded. What is there is read from the file and
 * from the running process.
 */
import { EventLoopTurn } from '../../../scheduling/event-loop.ts';
import { Turns } from '../../../scheduling/turns.ts';
import type { ObjectKey } from '../../../state/object-key.ts';
import {
  type BalancerChange,
  type BalancerRequest,
  type BalancerStatus,
  type ObservedBalancer,
  type Provider,
  ProviderError,
  type ProviderSupport,
  type ServerHealth,
} from '../provider.ts';
import { acceptChanges, blame, type Candidate } from './accepted-changes.ts';
import { addressTrouble } from './address-in-use.ts';
import { readComplaints } from './config-check.ts';
import type { ConfigStore, StoredConfig } from './config-store.ts';
import { generationOf } from './config-text.ts';
import { observeBalancers } from './observed.ts';
import { ReloadRefused, type RunningHAProxy } from './running-haproxy.ts';
import {
  compileSections,
  type HAProxySpec,
  isSameSpec,
  type Section,
  sectionName,
  statusOf,
} from './section.ts';

interface HAProxyProviderOptions {
  readonly cluster: string;
  readonly store: ConfigStore;
  readonly running: RunningHAProxy;
  /** What HAProxy has written to its standard error since this was called last; without it, nobody knows. */
  readonly takeAlerts?: () => string;
  /** Resolves when HAProxy answers or has failed to; without it, it is taken to answer. */
  readonly begun?: () => Promise<void>;
}

/** One change, and who waits for it. */
interface Pending {
  readonly change: BalancerChange<HAProxySpec>;
  readonly signal: AbortSignal;
  readonly resolve: (status: BalancerStatus | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class HAProxyProvider implements Provider<HAProxySpec> {
  readonly name = 'haproxy';
  readonly supports: ProviderSupport = {
    protocols: ['TCP'],
    families: ['IPv4', 'IPv6'],
    backends: ['nodes', 'pods'],
    clientAddress: ['snat', 'proxy-v1', 'proxy-v2'],
    mixedProtocols: false,
  };
  readonly #options: HAProxyProviderOptions;
  /** Reading and changing take turns: what is read was not changed meanwhile. */
  readonly #turns = new Turns();
  /** What HAProxy was last brought to have; repairs a file that somebody has damaged, and is never taken for what is there. */
  readonly #accepted = new Map<ObjectKey, readonly Section[]>();
  #pending: Pending[] = [];

  constructor(options: HAProxyProviderOptions) {
    this.#options = options;
  }

  compile(request: BalancerRequest): HAProxySpec {
    return compileSections(request);
  }

  isSame(a: HAProxySpec, b: HAProxySpec): boolean {
    return isSameSpec(a, b);
  }

  async observe(signal: AbortSignal): Promise<readonly ObservedBalancer<HAProxySpec>[]> {
    return await this.#turns.take(async () => {
      const { cluster, store, running, begun } = this.#options;
      await begun?.();
      const { file } = await store.read();
      // Another process may have had its turn; only a file that is damaged is repaired from memory.
      if (file.isAsWritten) this.#accepted.clear();
      const loaded = await running.generation(signal);
      return observeBalancers(cluster, file, loaded, await running.sections(signal));
    });
  }

  async health(signal: AbortSignal): Promise<readonly ServerHealth[]> {
    return await this.#options.running.health(signal);
  }

  /** Changes that are asked for at a time are one write and at most one reload. */
  async apply(change: BalancerChange<HAProxySpec>, signal: AbortSignal): Promise<BalancerStatus | undefined> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<BalancerStatus | undefined>();
    this.#pending.push({ change, signal, resolve, reject });
    if (this.#pending.length === 1) void this.#turns.take(() => this.#flush());
    return await promise;
  }

  /** Deletes servers that have left and whose connections have ended. */
  async sweep(signal: AbortSignal): Promise<void> {
    await this.#turns.take(async () => {
      const { file } = await this.#options.store.read();
      await this.#options.running.sweep(file.sections, signal);
    });
  }

  async #flush(): Promise<void> {
    await new EventLoopTurn().next();
    const pending = this.#pending;
    this.#pending = [];
    for (const { signal, reject } of pending) if (signal.aborted) reject(signal.reason);
    await this.#make(pending.filter(({ signal }) => !signal.aborted));
  }

  /** Settles all of them. */
  async #make(pending: readonly Pending[]): Promise<void> {
    const [first] = pending;
    if (first === undefined) return;
    try {
      await this.#attempt(pending, first.signal);
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  }

  async #attempt(pending: readonly Pending[], signal: AbortSignal): Promise<void> {
    const { store, begun } = this.#options;
    await begun?.();
    const stored = await store.read();
    const candidate = await this.#candidate(stored, pending, signal);
    if (candidate.withoutForeign) await store.putAside(stored.text);
    if (candidate.text !== stored.text) await store.write(candidate.text);
    try {
      await this.#bringInForce(candidate, stored, signal);
    } catch (error) {
      if (!(error instanceof ReloadRefused)) throw error;
      await this.#takeBack(candidate, stored, error);
      return;
    }
    for (const { change, resolve } of candidate.accepted) {
      if (change.change === 'put') this.#accepted.set(change.service, change.spec.sections);
      else if (change.service !== undefined) this.#accepted.delete(change.service);
      resolve(change.change === 'put' ? statusOf(change.spec) : undefined);
    }
    for (const [{ reject }, error] of candidate.refused) reject(error);
  }

  async #candidate(
    stored: StoredConfig,
    pending: readonly Pending[],
    signal: AbortSignal,
  ): Promise<Candidate<Pending>> {
    const { cluster, store } = this.#options;
    const base = new Map([...Map.groupBy(stored.file.sections, ({ service }) => service), ...this.#accepted]);
    const taken = await this.#takenAddresses(base, pending, signal);
    const candidate = await acceptChanges({
      cluster,
      base,
      foreign: stored.file.foreign,
      changes: pending.filter((one) => !taken.has(one)),
      current: stored.text,
      check: (text) => store.check(text, signal),
    });
    return { ...candidate, refused: new Map([...candidate.refused, ...taken]) };
  }

  /** Looks at addresses that HAProxy does not listen at yet. Where it does not answer, nobody knows which those are. */
  async #takenAddresses(
    base: ReadonlyMap<ObjectKey, readonly Section[]>,
    pending: readonly Pending[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Pending, ProviderError>> {
    const { cluster, running } = this.#options;
    const listens = new Set([...base.values()].flat().flatMap(binds));
    const added = pending.flatMap((one) =>
      one.change.change === 'put' ? one.change.spec.sections.map((section) => ({ one, section })) : [],
    );
    const strange = added.filter(({ section }) => binds(section).some((bind) => !listens.has(bind)));
    const taken = new Map<Pending, ProviderError>();
    if (strange.length === 0) return taken;
    const there = await running.sections(signal).catch(() => undefined);
    for (const { one, section } of strange) {
      if (there === undefined || there.has(sectionName(cluster, section))) continue;
      for (const ip of section.addresses) {
        const trouble = await addressTrouble(ip, section.port);
        if (trouble !== undefined) taken.set(one, new ProviderError(trouble));
      }
    }
    return taken;
  }

  async #bringInForce(
    candidate: Candidate<Pending>,
    stored: StoredConfig,
    signal: AbortSignal,
  ): Promise<void> {
    const { cluster, running } = this.#options;
    const generation = generationOf(cluster, candidate.sections);
    const loaded = await running.generation(signal);
    const isStale = loaded !== generation || !stored.file.isAsWritten;
    if (isStale || !(await this.#updateServers(candidate, signal))) {
      this.#options.takeAlerts?.();
      await running.reload(generation, signal);
    }
  }

  /** Returns whether the servers are now what they should be. */
  async #updateServers({ accepted }: Candidate<Pending>, signal: AbortSignal): Promise<boolean> {
    for (const { change } of accepted) {
      if (change.change === 'remove') continue;
      for (const section of change.spec.sections) {
        if ((await this.#options.running.updateServers(section, signal)) !== '') return false;
      }
    }
    return true;
  }

  /** HAProxy goes on with what it had; so the file says that again, and whoever is to blame is told why. */
  async #takeBack(candidate: Candidate<Pending>, stored: StoredConfig, error: ReloadRefused): Promise<void> {
    const { cluster, store, takeAlerts } = this.#options;
    await store.write(stored.text);
    for (const [{ reject }, refusal] of candidate.refused) reject(refusal);
    const complaints = readComplaints(takeAlerts?.() ?? '', store.path, candidate.text);
    const words = complaints.map(({ message }) => message).join('; ') || 'its log says why';
    const guilty = blame(cluster, complaints);
    const { accepted } = candidate;
    const blamed = accepted.filter(
      ({ change }) => change.service !== undefined && guilty.has(change.service),
    );
    if (blamed.length > 0 && blamed.length < accepted.length) {
      for (const { reject } of blamed) reject(new ProviderError(`${error.message}: ${words}`));
      await this.#make(accepted.filter((one) => !blamed.includes(one)));
    } else if (accepted.length > 1) {
      // Nobody says whose fault it is: each by itself.
      for (const one of accepted) await this.#make([one]);
    } else for (const { reject } of accepted) reject(new ProviderError(`${error.message}: ${words}`));
  }
}

function binds({ addresses, port }: Section): readonly string[] {
  return addresses.map((ip) => `${ip} ${port}`);
}
