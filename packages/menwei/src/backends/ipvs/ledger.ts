/**
 * Keeping the set that says which virtual servers are ours (docs/decisions/0014). It is written before there is anything
 * else that is ours, and a virtual server is taken out after it is gone.
 */

import type { KernelError } from '@menwei/netlink';
import type { IpSetClient, SetEntry, SetShape } from '@menwei/netlink/ipset';
import type { Frontend } from '@menwei/netlink/ipvs';
import type { IpvsChanges } from './changes.ts';
import { formatFrontendEntry, isLedger, LEDGER_SEAL, ledgerShape } from './sets.ts';

export class Ledger {
  readonly #sets: IpSetClient;
  readonly #signal: AbortSignal;

  constructor(sets: IpSetClient, signal: AbortSignal) {
    this.#sets = sets;
    this.#signal = signal;
  }

  /**
   * Makes room for what changes bring, but for `foreign` entries. Returns what of `mayFail` was refused. Throws KernelError
   * where the ledger would not say of all that is ours.
   */
  async open(
    { sets, addedMembers }: IpvsChanges,
    foreign: ReadonlySet<SetEntry>,
    mayFail: ReadonlySet<SetEntry>,
  ): Promise<ReadonlyMap<SetEntry, KernelError>> {
    const [missing] = sets.filter(isLedger);
    if (missing !== undefined) await this.#create(missing);
    const refused = new Map<SetEntry, KernelError>();
    for (const { shape, entries } of addedMembers) {
      if (!isLedger(shape)) continue;
      const seal = LEDGER_SEAL[shape.family];
      const listed = [...entries].filter((entry) => entry !== seal && !foreign.has(entry));
      for (const [entry, error] of await this.#change('add', shape, listed)) {
        if (!mayFail.has(entry)) throw error;
        refused.set(entry, error);
      }
      if (!entries.has(seal)) continue;
      for (const error of (await this.#change('add', shape, [seal])).values()) throw error;
    }
    return refused;
  }

  /** They turned out to be somebody else's. */
  async strike(frontends: readonly Frontend[]): Promise<void> {
    for (const [family, some] of Map.groupBy(frontends, (frontend) => frontend.family)) {
      const entries = some.flatMap((frontend) => ('mark' in frontend ? [] : [formatFrontendEntry(frontend)]));
      for (const error of (await this.#change('remove', ledgerShape(family), entries)).values()) throw error;
    }
  }

  /** Takes out what is gone; `kept` entries are still there. Returns what was refused. */
  async close(
    { removedMembers }: IpvsChanges,
    kept: ReadonlySet<SetEntry>,
  ): Promise<ReadonlyMap<SetEntry, KernelError>> {
    const refused = new Map<SetEntry, KernelError>();
    for (const { shape, entries } of removedMembers) {
      if (!isLedger(shape)) continue;
      const gone = [...entries].filter((entry) => !kept.has(entry));
      for (const [entry, error] of await this.#change('remove', shape, gone)) refused.set(entry, error);
    }
    return refused;
  }

  async #create(shape: SetShape): Promise<void> {
    for (const { error } of await this.#sets.apply([{ change: 'create', shape }], this.#signal)) throw error;
  }

  async #change(
    change: 'add' | 'remove',
    shape: SetShape,
    entries: readonly SetEntry[],
  ): Promise<ReadonlyMap<SetEntry, KernelError>> {
    if (entries.length === 0) return new Map();
    const refused = await this.#sets.apply([{ change, shape, entries }], this.#signal);
    return new Map(
      refused.flatMap(({ edit, error }) =>
        'entries' in edit ? edit.entries.map((entry) => [entry, error] as const) : [],
      ),
    );
  }
}
