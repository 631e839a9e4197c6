/**
 * What kube-proxy and modes other than the running one have left in the kernel, found and removed part by part, for one
 * IP family (docs/decisions/0024).
 */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { observeInterfaceAddresses } from '@menwei/kernel/interfaces.ts';
import { findIptablesVariant, usedVariant } from '@menwei/kernel/iptables-tools.ts';
import type { IptablesVariant } from '@menwei/kernel/iptables-variant.ts';
import { mayBeLoaded } from '@menwei/kernel/kernel-module.ts';
import { observeLegacyTables } from '@menwei/kernel/legacy-tables.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { TABLES, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { KernelError, NETLINK_NETFILTER, NetlinkConnection, openNetlinkTransport } from '@menwei/netlink';
import { ConntrackTable } from '@menwei/netlink/conntrack';
import { type KernelIpSets, openIpSetClient } from '@menwei/netlink/ipset';
import { openIpvsClient } from '@menwei/netlink/ipvs';
import { NfTables, tableFamily } from '@menwei/netlink/nftables';
import { openLinkClient } from '@menwei/netlink/route';
import type { ProxyMode, Settings } from '../config/settings.ts';
import { findLeftoverServers, findLeftoverSets } from './ipvs/leftovers.ts';
import { FILTER_IPVS } from './ipvs/names.ts';
import type { Leftovers, ProxyProgram } from './leftovers.ts';
import { findMode } from './modes.ts';
import { findLeftoverTables } from './nftables/leftovers.ts';
import { layoutBeside, sparing } from './xtables/every-layout.ts';
import type { Layout } from './xtables/layout.ts';
import { isLeftover } from './xtables/leftover-rules.ts';
import { findLeftoverRules } from './xtables/leftovers.ts';

const { EINVAL, ENOENT, EPROTONOSUPPORT } = constants.errno;

/** What the search is to do with what it finds. */
export interface LeftoverOrders {
  /** Removes what was found, or only tells of it; returns what stays until its connections have ended. Throws KernelError. */
  readonly onFound: (found: Leftovers, signal: AbortSignal) => Promise<string | undefined>;
  /** Connections that only the former mode can carry may go on. */
  readonly mayDrain: boolean;
}

/** What is in use, and stays. */
export interface RunningProxy {
  readonly mode: ProxyMode;
  readonly program: ProxyProgram;
}

interface LeftoverSearchOptions extends LeftoverOrders {
  /** Undefined: nothing is in use. */
  readonly running: RunningProxy | undefined;
  /** See {@link Settings}. */
  readonly excludeCIDRs: Settings['ipvs']['excludeCIDRs'];
  readonly family: IpFamily;
  readonly runner: ToolRunner;
}

/** What a search could not do, or has yet to do. */
export interface LeftoverSearchResult {
  /** What could not be read or removed. */
  readonly failures: readonly KernelError[];
  /** What stays until its connections have ended, and then has to be searched for again. */
  readonly draining: string | undefined;
}

/** Searches everywhere, whatever can't be read or removed on the way. */
export async function searchLeftovers(
  options: LeftoverSearchOptions,
  signal: AbortSignal,
): Promise<LeftoverSearchResult> {
  using opened = new DisposableStack();
  const search = new LeftoverSearch(options, opened, signal);
  await search.run();
  return search;
}

class LeftoverSearch implements LeftoverSearchResult {
  readonly failures: KernelError[] = [];
  draining: string | undefined;
  readonly #options: LeftoverSearchOptions;
  readonly #opened: DisposableStack;
  readonly #signal: AbortSignal;

  constructor(options: LeftoverSearchOptions, opened: DisposableStack, signal: AbortSignal) {
    this.#options = options;
    this.#opened = opened;
    this.#signal = signal;
  }

  /**
   * What forwards goes before the rules that guard it, and a set after the rules that ask it. What still forwards keeps its
   * guard.
   */
  async run(): Promise<void> {
    const isIpvs = this.#options.running?.mode === 'ipvs';
    const tables = await this.#part(() => this.#findTables());
    const servers = isIpvs || (await this.#part(() => this.#findServers()));
    if (!servers) return;
    const rules = await this.#rules();
    if (tables && rules && this.draining === undefined) await this.#part(() => this.#findSets());
  }

  /** Whether none is left. */
  async #rules(): Promise<boolean> {
    const legacy = await this.#part(() => this.#findLegacyRules());
    return (await this.#part(() => this.#findRules())) && legacy;
  }

  /** Whether nothing of the part is left. */
  async #part(find: () => Promise<Leftovers | undefined>): Promise<boolean> {
    try {
      const found = await find();
      if (found !== undefined) this.draining ??= await this.#options.onFound(found, this.#signal);
      return true;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof KernelError)) throw error;
      this.failures.push(error);
      return false;
    }
  }

  async #findTables(): Promise<Leftovers | undefined> {
    const { running, family } = this.#options;
    const client = this.#openTables();
    const used = running?.mode === 'nftables' ? running.program : undefined;
    return client && findLeftoverTables(client, family, used, this.#signal);
  }

  async #findServers(): Promise<Leftovers | undefined> {
    const { excludeCIDRs, family, mayDrain } = this.#options;
    const clients = {
      family,
      mayDrain,
      conntrack: new ConntrackTable(family),
      excludeCIDRs,
      links: this.#opened.use(openLinkClient()),
      sets: this.#openSets(),
      openIpvs: () => unless([ENOENT], () => this.#opened.use(openIpvsClient())),
      localAddresses: observeInterfaceAddresses,
    };
    return findLeftoverServers(clients, this.#signal);
  }

  async #findSets(): Promise<Leftovers | undefined> {
    const { running, family } = this.#options;
    const sets = this.#openSets();
    const used = running?.mode === 'ipvs' ? running.program : undefined;
    return sets && findLeftoverSets(sets, family, used, this.#signal);
  }

  async #findLegacyRules(): Promise<Leftovers | undefined> {
    const there = observeLegacyTables(this.#options.family);
    const tables = TABLES.filter((table) => there.includes(table));
    return tables.length === 0 ? undefined : this.#rulesOf('legacy', tables, await this.#layout('legacy'));
  }

  /** The tools are of no use, and so need not be there, where no chain bears a name of ours. */
  async #findRules(): Promise<Leftovers | undefined> {
    const client = this.#openTables();
    if (client === undefined) return undefined;
    const layout = await this.#layout('nf_tables');
    const tables: Table[] = [];
    for (const table of TABLES) {
      const name = { family: tableFamily(this.#options.family), name: table };
      const chains = (await client.observeChainNames(name, this.#signal)) ?? [];
      if (chains.some((chain) => isLeftover(layout, table, chain))) tables.push(table);
    }
    return tables.length === 0 ? undefined : this.#rulesOf('nf_tables', tables, layout);
  }

  async #rulesOf(
    variant: IptablesVariant,
    tables: readonly Table[],
    layout: Layout,
  ): Promise<Leftovers | undefined> {
    const { runner, family } = this.#options;
    const tools = await findIptablesVariant(runner, family, variant, this.#signal);
    return findLeftoverRules(tools, tables, layout, this.#signal);
  }

  /** Of what is nobody's among the rules of a variant: but for what guards the addresses of what drains. */
  async #layout(variant: IptablesVariant): Promise<Layout> {
    const layout = await this.#layoutBesideRunning(variant);
    return this.draining === undefined ? layout : sparing(layout, FILTER_IPVS);
  }

  /** The running mode has its own in one of the two. */
  async #layoutBesideRunning(variant: IptablesVariant): Promise<Layout> {
    const { running, runner, family } = this.#options;
    const layout = running && findMode(running.mode).layout;
    if (layout === undefined) return layoutBeside(undefined);
    const isRunning = (await usedVariant(runner, family, this.#signal)) === variant;
    return layoutBeside(isRunning ? layout : undefined);
  }

  /** Undefined: the kernel has no nf_tables. */
  #openTables(): NfTables | undefined {
    const client = unless([EPROTONOSUPPORT], () => openNetlinkTransport(NETLINK_NETFILTER));
    if (client === undefined) return undefined;
    const tables = this.#opened.use(new NfTables(new NetlinkConnection(client)));
    return unless([EINVAL], () => tables.observeGeneration()) === undefined ? undefined : tables;
  }

  /** Undefined: the kernel has no IP sets. */
  #openSets(): KernelIpSets | undefined {
    return mayBeLoaded('ip_set') ? this.#opened.use(openIpSetClient()) : undefined;
  }
}

/** Undefined: it failed with one of these error numbers, by which the kernel says that it has no such thing. */
function unless<T>(errnos: readonly number[], open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof KernelError && error.errno !== undefined && errnos.includes(error.errno))
      return undefined;
    throw error;
  }
}
