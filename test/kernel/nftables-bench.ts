/**
 * A node with pods, a proxy of one family that runs in this process, so that a test can step in between what it does, and
 * a connection through a Service that nothing concerns.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import type { IpFamily } from '../../src/addresses/ip.ts';
import { formatHostPort } from '../../src/addresses/ip.ts';
import { fillPlan } from '../../src/backends/laws.ts';
import { frameTable } from '../../src/backends/nftables/frame-sets.ts';
import { isTidying, openBackend } from '../../src/backends/nftables/laws.ts';
import type { NfTables } from '../../src/kernel/netlink/nf-tables/client.ts';
import type { NfTablesClient } from '../../src/kernel/netlink/nf-tables/contract.ts';
import type { TableName, Transaction } from '../../src/kernel/netlink/nf-tables/model.ts';
import type { LongLivedConnection } from '../../src/lab/host.ts';
import { createLab, type Lab } from '../../src/lab/lab.ts';
import { isFailure, type Outcome } from '../../src/lab/outcome.ts';
import type { LabSpec } from '../../src/lab/topology.ts';
import { silentLogger } from '../../src/log/logger.ts';
import { FamilyProxy, type SyncResult } from '../../src/proxy/family-proxy.ts';
import { ServiceTracker } from '../../src/services/service-tracker.ts';
import { aNodeView, aService, aSlice, type ServiceFields } from '../../src/services/testing.ts';
import { openNfTables } from './nf-tables-kernel.ts';

const signal = new AbortController().signal;

const ADDRESSES = {
  IPv4: { service: '172.30.0.', pod: '10.244.0.', pods: '10.244.0.0/24' },
  IPv6: { service: 'fd00:30::', pod: 'fd00:10:244::', pods: 'fd00:10:244::/64' },
} as const;

export const PODS = ['visitor', 'steady', 'busy-1', 'busy-2', 'busy-3'] as const;
type Pod = (typeof PODS)[number];

export const NODE = 'node-a';
export const POD_PORT = 8080;

export const LAB: LabSpec = {
  nodes: [
    {
      name: NODE,
      ip: '192.168.49.2',
      ip6: 'fd00:49::2',
      podCIDR: ADDRESSES.IPv4.pods,
      podCIDR6: ADDRESSES.IPv6.pods,
    },
  ],
  pods: PODS.map((name, index) => ({
    name,
    node: NODE,
    ip: `${ADDRESSES.IPv4.pod}${11 + index}`,
    ip6: `${ADDRESSES.IPv6.pod}${11 + index}`,
    ports: [POD_PORT],
  })),
};

type Client = NfTablesClient;
type Proxy = FamilyProxy<unknown, unknown, Transaction>;

export class FaultBench implements AsyncDisposable {
  readonly family: IpFamily;
  readonly table: TableName;
  readonly lab: Lab;
  #stranger: NfTables | undefined;
  #busyPods: readonly Pod[] = [];
  #busy: ServiceFields = {};
  readonly #connections: LongLivedConnection[] = [];

  private constructor(family: IpFamily, lab: Lab) {
    this.family = family;
    this.table = frameTable(family);
    this.lab = lab;
  }

  static async open(family: IpFamily): Promise<FaultBench> {
    return new FaultBench(family, await createLab(LAB));
  }

  /** As before the first test: no rule, no connection, three pods behind the Service busy. */
  async reset(): Promise<void> {
    for (const connection of this.#connections.splice(0)) await connection.close();
    this.lab.node(NODE).run(() => execFileSync('nft', ['flush', 'ruleset']));
    this.setBusy(['busy-1', 'busy-2', 'busy-3']);
    this.#stranger = this.openClient();
  }

  /** What somebody else does goes through this one. */
  get stranger(): NfTables {
    if (this.#stranger === undefined) throw new Error('BUG: not reset');
    return this.#stranger;
  }

  /** nf_tables of the node, until the end of the test. */
  openClient(): NfTables {
    return this.lab.node(NODE).run(openNfTables);
  }

  /** A proxy that knows all objects and has not synced yet. */
  openProxy(client: Client = this.openClient()): Proxy {
    const { family } = this;
    const tracker = new ServiceTracker({ family, nodeName: NODE, startedAtMs: 0 });
    const proxy = new FamilyProxy({
      backend: openBackend(client, family),
      tracker,
      nodeView: () => this.#node(),
      logger: silentLogger,
    });
    this.publish(tracker);
    return proxy;
  }

  /** Tells a proxy how the objects are now. */
  publish(tracker: ServiceTracker): void {
    const { service } = ADDRESSES[this.family];
    tracker.upsertService(aService({ name: 'steady', clusterIPs: { [this.family]: `${service}1` } }));
    tracker.upsertSlice(this.#sliceOf('steady', ['steady']));
    tracker.upsertService(
      aService({ name: 'busy', clusterIPs: { [this.family]: `${service}2` }, ...this.#busy }),
    );
    tracker.upsertSlice(this.#sliceOf('busy', this.#busyPods));
  }

  /** How the Service busy shall be from now on. */
  setBusy(pods: readonly Pod[], fields: ServiceFields = {}): void {
    this.#busyPods = pods;
    this.#busy = fields;
  }

  /** Opens a connection through the Service that nothing concerns. */
  async connect(): Promise<void> {
    const connection = await this.lab.pod('visitor').open(this.#addressOf(1));
    if (isFailure(connection)) throw new Error(connection.detail);
    this.#connections.push(connection);
  }

  /** Which pod answers for the Service busy. */
  askBusy(): Promise<Outcome> {
    return this.lab.pod('visitor').http(this.#addressOf(2));
  }

  async expectConnected(): Promise<void> {
    for (const connection of this.#connections) expect(await connection.echo('there?')).toBe('there?');
  }

  /** The kernel holds what the proxy knows of, and nothing more than chains without use. */
  async expectWhole(proxy: Proxy): Promise<void> {
    const backend = openBackend(this.openClient(), this.family);
    const plan = fillPlan(backend, { node: this.#node(), ports: proxy.tracker.ports });
    const observed = await backend.observe(signal);
    plan.settle(observed);
    const changes = backend.diff(observed, plan.complete());
    expect(backend.format(changes.filter((operation) => !isTidying(operation)))).toBe('');
    await this.expectConnected();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }

  #addressOf(number: number): string {
    return formatHostPort(`${ADDRESSES[this.family].service}${number}`, 80);
  }

  #node() {
    const detectLocal = { by: 'cidr', cidr: ADDRESSES[this.family].pods } as const;
    return aNodeView({ name: NODE, family: this.family, detectLocal });
  }

  #sliceOf(serviceName: string, pods: readonly Pod[]) {
    return aSlice({
      name: `${serviceName}-1`,
      serviceName,
      addressType: this.family,
      ports: [{ port: POD_PORT }],
      endpoints: pods.map((pod) => ({
        ip: `${ADDRESSES[this.family].pod}${11 + PODS.indexOf(pod)}`,
        nodeName: NODE,
      })),
    });
  }
}

/** Syncs until it works, and returns what did not. */
export async function syncUntilDone(proxy: Proxy, attempts = 5): Promise<readonly SyncResult[]> {
  const failures: SyncResult[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const result = await proxy.sync(signal);
    if (result.ok) return failures;
    failures.push(result);
  }
  throw new Error(`${attempts} syncs failed`, { cause: failures.at(-1)?.error });
}

export interface Interruptions {
  /** Counted from 0. */
  readonly afterObserve?: (time: number) => Promise<void>;
  readonly beforeApply?: (time: number) => Promise<void>;
  readonly afterApply?: (time: number) => Promise<void>;
}

/** A client that others interrupt; `refusals` has the error numbers that its transactions met. */
export function interrupted(client: Client, interruptions: Interruptions) {
  let observed = 0;
  let applied = 0;
  const refusals: (number | undefined)[] = [];
  const transactions: Transaction[] = [];
  const faulty: Client = {
    portId: client.portId,
    observeGeneration: () => client.observeGeneration(),
    observeDynamicElements: (...args) => client.observeDynamicElements(...args),
    observe: async (...args) => {
      const observation = await client.observe(...args);
      await interruptions.afterObserve?.(observed++);
      return observation;
    },
    apply: async (table, transaction, options) => {
      const time = applied++;
      await interruptions.beforeApply?.(time);
      transactions.push(transaction);
      try {
        return await client.apply(table, transaction, options);
      } catch (error) {
        refusals.push(error instanceof Error && 'errno' in error ? Number(error.errno) : undefined);
        throw error;
      } finally {
        await interruptions.afterApply?.(time);
      }
    },
  };
  return { client: faulty, refusals, transactions };
}
