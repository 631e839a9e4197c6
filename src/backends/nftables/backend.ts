/** The nftables mode of one IP family: the pure parts of this folder tied to netlink. */
import { constants } from 'node:os';
import { KernelError } from '../../kernel/kernel-error.ts';
import type { NfTablesClient } from '../../kernel/netlink/nf-tables/contract.ts';
import type { Element, TableName, Transaction } from '../../kernel/netlink/nf-tables/model.ts';
import type { Logger } from '../../log/logger.ts';
import type { Backend } from '../backend.ts';
import { Forgotten } from './forgotten.ts';
import { frameSets, frameTable } from './frame-sets.ts';
import { type Entrance, SETS } from './names.ts';
import type { NftablesOptions } from './options.ts';
import { NftablesRules } from './rules.ts';
import type { NftablesState } from './state.ts';
import type { NftablesUnit } from './unit.ts';
import { watchTable } from './watch.ts';

const { EBUSY, ENOENT, ERESTART } = { ...constants.errno, ERESTART: 85 };

/** After so many refusals in a row because somebody else was faster, the check is left out. */
const MAX_RESTARTS = 2;

export interface NftablesBackendOptions extends NftablesOptions {
  readonly client: NfTablesClient;
  readonly logger: Logger;
}

export class NftablesBackend
  extends NftablesRules
  implements Backend<NftablesUnit, NftablesState, Transaction>
{
  /** All that was sent to the kernel, for benchmarks. */
  readonly sent = { messages: 0, bytes: 0 };
  readonly #client: NfTablesClient;
  readonly #logger: Logger;
  readonly #table: TableName;
  readonly #forgotten = new Forgotten();
  /** Of the ruleset that was observed, until it is built on. */
  #observedGeneration: number | undefined;
  #restarts = 0;
  /** Of the ruleset as our last transaction left it. */
  #ownGeneration: number | undefined;

  constructor(options: NftablesBackendOptions) {
    super(options);
    this.#client = options.client;
    this.#logger = options.logger;
    this.#table = frameTable(options.family);
  }

  async apply(changes: Transaction, signal: AbortSignal): Promise<void> {
    const generation = this.#restarts < MAX_RESTARTS ? this.#observedGeneration : undefined;
    this.#observedGeneration = undefined;
    try {
      await this.#applyWhole(changes, generation);
      this.#restarts = 0;
    } catch (error) {
      if (error instanceof KernelError && error.errno === ERESTART) this.#restarts++;
      throw error;
    }
    this.#forgotten.note(changes);
    await this.#forgetClients(signal);
    this.#ownGeneration = this.#client.observeGeneration();
  }

  async observe(signal: AbortSignal): Promise<NftablesState> {
    const { content, generation } = await this.#client.observe(this.#table, signal);
    this.#observedGeneration = generation;
    return content;
  }

  async watch(drifted: (what: string) => void, signal: AbortSignal): Promise<void> {
    await watchTable(
      {
        table: this.#table,
        ownPorts: [this.#client.portId],
        changed: drifted,
        ready: () => {
          if (this.#client.observeGeneration() === this.#ownGeneration) return;
          drifted('rules were changed by somebody before they were watched');
        },
      },
      signal,
    );
  }

  async cleanup(): Promise<void> {
    try {
      await this.#send([{ do: 'delete table' }]);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
    }
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
    for (const entrance of this.#forgotten.entrances) await this.#forgetClientsOf(entrance, signal);
    this.#forgotten.clear();
  }

  async #forgetClientsOf(entrance: Entrance, signal: AbortSignal): Promise<void> {
    const name = SETS[entrance].affinity;
    const set = frameSets(this.family).find((each) => each.name === name);
    if (set === undefined) throw new Error(`BUG: no set ${name}`);
    signal.throwIfAborted();
    const clients = await this.#client.observeDynamicElements(this.#table, set);
    const stale = clients.filter((client) => this.#forgotten.isAbout(entrance, client));
    // One by one in the worst case: a client whose time ran out meanwhile would fail them all.
    await this.#forget(set.name, stale, (elements) => [{ do: 'delete elements', set, elements }]);
  }

  async #forget(
    set: string,
    stale: readonly Element[],
    deletion: (elements: readonly Element[]) => Transaction,
  ): Promise<void> {
    try {
      await this.#send(stale.length === 0 ? [] : deletion(stale));
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
      if (stale.length === 1) return;
      const half = stale.length >> 1;
      await this.#forget(set, stale.slice(0, half), deletion);
      await this.#forget(set, stale.slice(half), deletion);
    }
    this.#logger.debug({ set, clients: stale.length }, 'forgot clients of endpoints that are gone');
  }
}
