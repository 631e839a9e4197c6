/** The nftables mode of one IP family: the pure parts of this folder tied to netlink. */

import { constants } from 'node:os';
import { KernelError } from '@menwei/netlink';
import type {
  Element,
  Elements,
  NfTablesClient,
  Operation,
  SetDeclaration,
  TableContent,
  TableName,
  Transaction,
} from '@menwei/netlink/nftables';
import type { Backend, KernelWatch, Outcome } from '../backend.ts';
import { clientMapNamed } from './affinity.ts';
import { frameTable } from './base-sets.ts';
import { Forgotten, rememberedEndpoints } from './forgotten.ts';
import type { NftablesOptions } from './options.ts';
import { NftablesRules } from './rules.ts';
import type { NftablesChanges, NftablesState } from './state.ts';
import type { NftablesUnit } from './unit.ts';
import { watchTable } from './watch.ts';

const { EBUSY, ENOENT, ERESTART } = { ...constants.errno, ERESTART: 85 };

/** After so many in a row because somebody else was faster, the check is left out. */
const MAX_REFUSALS = 2;

export interface NftablesBackendOptions extends NftablesOptions {
  readonly client: NfTablesClient;
  /** Port ids of all connections to nf_tables of this process, by the time the watch begins; else that of the client. */
  readonly ownPorts?: readonly number[];
  /** Closes the client. */
  readonly close?: () => void;
}

export class NftablesBackend
  extends NftablesRules
  implements Backend<NftablesUnit, NftablesState, NftablesChanges>
{
  /** All that was sent to the kernel, for benchmarks. */
  readonly sent = { messages: 0, bytes: 0 };
  readonly #client: NfTablesClient;
  readonly #ownPorts: readonly number[];
  readonly #close: () => void;
  readonly #table: TableName;
  readonly #forgotten = new Forgotten();
  #refusals = 0;
  /** Of the ruleset as we saw it last, or left it. */
  #ownGeneration: number | undefined;

  constructor(options: NftablesBackendOptions) {
    super(options);
    this.#client = options.client;
    this.#ownPorts = options.ownPorts ?? [options.client.portId];
    this.#close = options.close ?? (() => undefined);
    this.#table = frameTable(options.family);
  }

  async apply(changes: NftablesChanges, signal: AbortSignal): Promise<Outcome<NftablesUnit>> {
    const { transaction, parting } = changes;
    const generation = this.#refusals < MAX_REFUSALS ? changes.generation : undefined;
    const forgetting = transaction.filter(isForgetting);
    const others = forgetting.length === 0 ? transaction : transaction.filter((each) => !isForgetting(each));
    try {
      await this.#applyWhole(others, generation);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ERESTART) throw error;
      this.#refusals++;
      return 'outdated';
    }
    this.#refusals = 0;
    for (const { set, elements } of forgetting) await this.#forget(set, [...elements]);
    this.#forgotten.note(parting);
    await this.#forgetClients(signal);
    this.#ownGeneration = this.#client.observeGeneration();
    return 'applied';
  }

  async observe(signal: AbortSignal): Promise<NftablesState> {
    const { content, generation } = await this.#client.observe(this.#table, signal);
    this.#ownGeneration = generation;
    if (content === undefined) return undefined;
    const stale = await this.#staleClients(content, signal);
    return { ...content, elements: new Map([...content.elements, ...stale]), generation };
  }

  async watch({ drifted }: KernelWatch<unknown>, signal: AbortSignal): Promise<void> {
    await watchTable(
      {
        table: this.#table,
        ownPorts: this.#ownPorts,
        changed: drifted,
        // Most likely it was the other family, whose first transaction comes at the same time.
        ready: () => {
          if (!this.#isOwnGeneration()) drifted();
        },
      },
      signal,
    );
  }

  /** Whether nobody changed the ruleset since we saw it last, as far as can be read. */
  #isOwnGeneration(): boolean {
    try {
      return this.#client.observeGeneration() === this.#ownGeneration;
    } catch (error) {
      if (error instanceof KernelError) return false;
      throw error;
    }
  }

  async cleanup(): Promise<void> {
    try {
      await this.#send([{ do: 'delete table' }]);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
    }
  }

  close(): void {
    this.#close();
  }

  /** All at once, or at least all that matters at once. */
  async #applyWhole(changes: Transaction, generation: number | undefined): Promise<void> {
    try {
      await this.#send(changes, generation);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== EBUSY) throw error;
      const deletions = changes.filter((operation) => operation.do === 'delete chain');
      if (deletions.length === 0) throw error;
      // Before kernel 6.2 what a transaction takes away still holds on to its chains until the transaction is over.
      await this.#send(
        changes.filter((operation) => operation.do !== 'delete chain'),
        generation,
      );
      await this.#send(deletions);
    }
  }

  async #send(transaction: Transaction, generation?: number): Promise<void> {
    if (transaction.length === 0) return;
    const { messages, bytes } = await this.#client.apply(
      this.#table,
      transaction,
      generation === undefined ? {} : { generation },
    );
    this.sent.messages += messages;
    this.sent.bytes += bytes;
  }

  /** Clients that were sent to an endpoint that is gone go to another one when they come again. */
  async #forgetClients(signal: AbortSignal): Promise<void> {
    for (const name of this.#forgotten.maps) {
      const map = clientMapNamed(name, this.family);
      const clients = await this.#clientsOf(map, signal);
      const stale = clients.filter((client) => this.#forgotten.isAbout(name, client));
      await this.#forget(map, stale);
      this.#forgotten.done(name);
    }
  }

  /**
   * What is wrong in the maps that rules fill, if a proxy before this one did not get as far as to forget it: clients of
   * endpoints that are gone. They count as elements of the state, and in no state that is wanted there are any.
   */
  async #staleClients(content: TableContent, signal: AbortSignal): Promise<readonly [string, Elements][]> {
    const endpoints = rememberedEndpoints(content);
    const stale: [string, Elements][] = [];
    for (const map of content.sets.values()) {
      if (!map.dynamic) continue;
      const wrong = (await this.#clientsOf(map, signal)).filter(
        ({ data }) => data === undefined || endpoints.get(map.name)?.has(data) !== true,
      );
      if (wrong.length > 0) stale.push([map.name, new Map(wrong.map((client) => [client.key, client]))]);
    }
    return stale;
  }

  /** None if the map is gone meanwhile. */
  async #clientsOf(map: SetDeclaration, signal: AbortSignal): Promise<readonly Element[]> {
    try {
      return await this.#client.observeDynamicElements(this.#table, map, signal);
    } catch (error) {
      if (error instanceof KernelError && error.errno === ENOENT) return [];
      throw error;
    }
  }

  /** One whose time runs out meanwhile would fail the whole transaction, so that is halved until it goes through. */
  async #forget(set: SetDeclaration, clients: readonly Element[]): Promise<void> {
    if (clients.length === 0) return;
    try {
      await this.#send([{ do: 'delete elements', set, elements: clients }]);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
      if (clients.length === 1) return;
      const half = clients.length >> 1;
      await this.#forget(set, clients.slice(0, half));
      await this.#forget(set, clients.slice(half));
    }
  }
}

/** What is to go from the maps that rules fill. */
function isForgetting(operation: Operation): operation is Extract<Operation, { readonly elements: unknown }> {
  return operation.do === 'delete elements' && operation.set.dynamic;
}
