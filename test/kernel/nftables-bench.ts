/**
 * A node with pods, a proxy of one family that runs in this process, so that a test can step in between what it does, and
 * a connection through a Service that nothing concerns.
 */

import { execFileSync } from 'node:child_process';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import { isFailure, type Outcome } from '@menwei/lab/outcome.ts';
import type { NfTables, NfTablesClient, TableName } from '@menwei/netlink/nftables';
import { fillPlan } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { isTidying } from '@menwei/testing/backends/nftables/tidying.ts';
import type { ServiceFields } from '@menwei/testing/services/testing.ts';
import { frameTable } from 'menwei/backends/nftables/base-sets.ts';
import type { SyncResult } from 'menwei/proxy/syncable.ts';
import { atOnce } from 'menwei/scheduling/steps.ts';
import { expect } from 'vitest';
import { openNfTables } from './nf-tables-kernel.ts';
import {
  ADDRESSES,
  type Busy,
  LAB,
  type NftablesProxy,
  NODE,
  nodeView,
  openProxy,
  type Pod,
  publish,
} from './nftables-objects.ts';

const signal = new AbortController().signal;

export class FaultBench implements AsyncDisposable {
  readonly family: IpFamily;
  readonly table: TableName;
  readonly lab: Lab;
  #stranger: NfTables | undefined;
  busy: Busy = { pods: [], fields: {} };
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
  openProxy(client: NfTablesClient = this.openClient()): NftablesProxy {
    return openProxy(client, this.family, this.busy);
  }

  /** How the Service busy is from now on. */
  setBusy(pods: readonly Pod[], fields: ServiceFields = {}): void {
    this.busy = { pods, fields };
  }

  /** Tells a proxy of it. */
  publish({ state }: NftablesProxy): void {
    publish(state.objects, this.family, this.busy);
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
  async expectWhole(proxy: NftablesProxy): Promise<void> {
    const backend = openBackend(this.openClient(), this.family);
    const plan = fillPlan(backend, {
      node: nodeView(this.family),
      ports: proxy.state.families[this.family].servicePorts.rows,
    });
    const observed = await backend.observe(signal);
    atOnce(plan.settle(observed));
    const changes = backend.diff(observed, plan.complete());
    const transaction = changes.transaction.filter((operation) => !isTidying(operation));
    expect(backend.format({ ...changes, transaction })).toBe('');
    await this.expectConnected();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }

  #addressOf(number: number): string {
    return formatHostPort(`${ADDRESSES[this.family].service}${number}`, 80);
  }
}

/** Syncs until it works, and returns what did not. */
export async function syncUntilDone(proxy: NftablesProxy, attempts = 5): Promise<readonly SyncResult[]> {
  const failures: SyncResult[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const result = await proxy.sync(signal);
    if (result.ok) return failures;
    failures.push(result);
  }
  throw new Error(`${attempts} syncs failed`, { cause: failures.at(-1)?.error });
}
