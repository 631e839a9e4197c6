/** The interface and the rules of node-local DNS in the kernel: read, and brought to what is wanted. */
import { constants } from 'node:os';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { observeIpPresence } from '@menwei/kernel/ip-support.ts';
import { KernelError } from '@menwei/netlink';
import { type NfTables, openNfTables } from '@menwei/netlink/nftables';
import { type AddressEdit, openLinkClient, type PlainLinkKind } from '@menwei/netlink/route';
import { DEVICE } from '../../backends/ipvs/names.ts';
import { diff } from '../../backends/nftables/diff.ts';
import { atOnce } from '../../scheduling/steps.ts';
import { compileRules, nodeLocalTable } from './rules.ts';

const { EINVAL, EPROTONOSUPPORT } = constants.errno;

/** Not NodeLocal DNSCache's `nodelocaldns`: whose an interface is shows by its name alone. */
export const INTERFACE = 'menwei-dns';

interface InterfaceChange {
  readonly kind: PlainLinkKind;
  /** What was not there, or too much; both empty: all was as wanted. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Every method throws KernelError. */
export class NodeLocalKernel implements Disposable {
  readonly #links = openLinkClient();
  readonly #tables = openTables();
  readonly #families = IP_FAMILIES.filter(observeIpPresence);

  /** On our interface. */
  observeAddresses(signal: AbortSignal): Promise<readonly string[]> {
    return this.#addressesOf(INTERFACE, signal);
  }

  /** Of virtual servers, if this node has any. */
  observeIpvsAddresses(signal: AbortSignal): Promise<readonly string[]> {
    return this.#addressesOf(DEVICE, signal);
  }

  async applyAddresses(ips: readonly string[], signal: AbortSignal): Promise<InterfaceChange> {
    const kind = this.#links.applyAddressCarrier(INTERFACE);
    const present = await this.observeAddresses(signal);
    const added = ips.filter((ip) => !present.includes(ip));
    const removed = present.filter((ip) => !ips.includes(ip));
    const edits: AddressEdit[] = [
      ...added.map((ip) => ({ change: 'add' as const, ip })),
      ...removed.map((ip) => ({ change: 'remove' as const, ip })),
    ];
    const [refusal] = await this.#links.applyAddresses(INTERFACE, edits, signal);
    if (refusal !== undefined) throw refusal.error;
    return { kind, added, removed };
  }

  /** Returns whether anything had to be changed. */
  async applyRules(ips: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (this.#tables === undefined) {
      if (ips.length === 0) return false;
      const detail = 'this kernel has no nf_tables';
      throw new KernelError({ operation: 'add', object: 'rules of node-local DNS', detail });
    }
    let isChanged = false;
    for (const family of this.#families)
      isChanged = (await this.#applyFamily(this.#tables, family, ips, signal)) || isChanged;
    return isChanged;
  }

  /** Returns what was there, in words. */
  async cleanup(signal: AbortSignal): Promise<readonly string[]> {
    const removed: string[] = [];
    if (await this.applyRules([], signal)) removed.push('rules');
    if (this.#links.hasLink(INTERFACE)) {
      // A device of another kind under this name is somebody else's, and stays.
      this.#links.applyAddressCarrier(INTERFACE);
      this.#links.removeLink(INTERFACE);
      removed.push(`interface ${INTERFACE}`);
    }
    return removed;
  }

  [Symbol.dispose](): void {
    this.#links[Symbol.dispose]();
    this.#tables?.[Symbol.dispose]();
  }

  async #applyFamily(
    tables: NfTables,
    family: IpFamily,
    ips: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const table = nodeLocalTable(family);
    const { content, generation } = await tables.observe(table, signal);
    const transaction = atOnce(diff(content, compileRules(family, ips)));
    if (transaction.length === 0) return false;
    await tables.apply(table, transaction, { generation });
    return true;
  }

  async #addressesOf(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const lists: (readonly string[])[] = [];
    for (const family of this.#families) {
      const addresses = await this.#links.observeAddresses(family, signal, name);
      // The kernel's own (fe80::…), if somebody sets the interface up.
      lists.push(addresses.filter(({ scope }) => family === 'IPv4' || scope !== 'link').map(({ ip }) => ip));
    }
    return lists.flat();
  }
}

/** Undefined: the kernel has no nf_tables. */
function openTables(): NfTables | undefined {
  let tables: NfTables | undefined;
  try {
    tables = openNfTables();
    tables.observeGeneration();
    return tables;
  } catch (error) {
    tables?.[Symbol.dispose]();
    const errno = error instanceof KernelError ? error.errno : undefined;
    if (errno === EINVAL || errno === EPROTONOSUPPORT) return undefined;
    throw error;
  }
}
