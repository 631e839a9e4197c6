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
import { type KernelIpSets, openIpSetClient } from '@menwei/netlink/ipset';
import { openIpvsClient } from '@menwei/netlink/ipvs';
import { NfTables } from '@menwei/netlink/nftables';
import { openLinkClient } from '@menwei/netlink/route';
import type { Settings } from '../config/settings.ts';
import { findLeftoverServers, findLeftoverSets } from './ipvs/leftovers.ts';
import type { Leftovers } from './leftovers.ts';
import { findMode } from './modes.ts';
import { findLeftoverTables } from './nftables/leftovers.ts';
import { tableFamily } from './nftables/names.ts';
import { layoutBeside } from './xtables/every-layout.ts';
import type { Layout } from './xtables/layout.ts';
import { isLeftover } from './xtables/leftover-rules.ts';
import { findLeftoverRules } from './xtables/leftovers.ts';

const { EINVAL, ENOENT, EPROTONOSUPPORT } = constants.errno;

export interface LeftoverSearchOptions {
  readonly settings: Settings;
  readonly family: IpFamily;
  readonly runner: ToolRunner;
  /** Removes what was found, or only tells of it. Throws KernelError. */
  readonly onFound: (found: Leftovers, signal: AbortSignal) => Promise<void>;
}

/** Searches everywhere, whatever can't be read or removed on the way; returns the errors it met. */
export async function searchLeftovers(
  options: LeftoverSearchOptions,
  signal: AbortSignal,
): Promise<readonly KernelError[]> {
  using doors = new DisposableStack();
  const run = new LeftoverSearch(options, doors, signal);
  await run.run();
  return run.failures;
}

/** The same for rules of the iptables tools alone, of both variants. */
export async function searchLeftoverRules(
  options: LeftoverSearchOptions,
  signal: AbortSignal,
): Promise<readonly KernelError[]> {
  using doors = new DisposableStack();
  const run = new LeftoverSearch(options, doors, signal);
  await run.rules();
  return run.failures;
}

class LeftoverSearch {
  readonly failures: KernelError[] = [];
  readonly #options: LeftoverSearchOptions;
  readonly #doors: DisposableStack;
  readonly #signal: AbortSignal;

  constructor(options: LeftoverSearchOptions, doors: DisposableStack, signal: AbortSignal) {
    this.#options = options;
    this.#doors = doors;
    this.#signal = signal;
  }

  /** What forwards goes before the rules that guard it, and a set after the rules that ask it. */
  async run(): Promise<void> {
    const isIpvs = this.#options.settings.mode === 'ipvs';
    const tables = await this.#part(() => this.#findTables());
    const servers = isIpvs || (await this.#part(() => this.#findServers()));
    if (!servers) return;
    const rules = await this.rules();
    if (tables && rules && !isIpvs) await this.#part(() => this.#findSets());
  }

  /** Whether none is left. */
  async rules(): Promise<boolean> {
    const legacy = await this.#part(() => this.#findLegacyRules());
    return (await this.#part(() => this.#findRules())) && legacy;
  }

  /** Whether nothing of the part is left. */
  async #part(find: () => Promise<Leftovers | undefined>): Promise<boolean> {
    try {
      const found = await find();
      if (found !== undefined) await this.#options.onFound(found, this.#signal);
      return true;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof KernelError)) throw error;
      this.failures.push(error);
      return false;
    }
  }

  async #findTables(): Promise<Leftovers | undefined> {
    const { settings, family } = this.#options;
    const client = this.#openTables();
    return client && findLeftoverTables(client, family, settings.mode === 'nftables', this.#signal);
  }

  async #findServers(): Promise<Leftovers | undefined> {
    const { settings, family } = this.#options;
    const { excludeCIDRs } = settings.ipvs;
    const doors = {
      family,
      excludeCIDRs,
      links: this.#doors.use(openLinkClient()),
      sets: this.#openSets(),
      openIpvs: () => unless([ENOENT], () => this.#doors.use(openIpvsClient())),
      localAddresses: observeInterfaceAddresses,
    };
    return findLeftoverServers(doors, this.#signal);
  }

  async #findSets(): Promise<Leftovers | undefined> {
    const sets = this.#openSets();
    return sets && findLeftoverSets(sets, this.#options.family, this.#signal);
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

  /** Of what is nobody's among the rules of a variant: the running mode has its own in one of the two. */
  async #layout(variant: IptablesVariant): Promise<Layout> {
    const { settings, runner, family } = this.#options;
    const running = findMode(settings.mode).layout;
    if (running === undefined) return layoutBeside(undefined);
    const isRunning = (await usedVariant(runner, family, this.#signal)) === variant;
    return layoutBeside(isRunning ? running : undefined);
  }

  /** Undefined: the kernel has no nf_tables. */
  #openTables(): NfTables | undefined {
    const client = unless([EPROTONOSUPPORT], () => openNetlinkTransport(NETLINK_NETFILTER));
    if (client === undefined) return undefined;
    const tables = this.#doors.use(new NfTables(new NetlinkConnection(client)));
    return unless([EINVAL], () => tables.observeGeneration()) === undefined ? undefined : tables;
  }

  /** Undefined: the kernel has no IP sets. */
  #openSets(): KernelIpSets | undefined {
    return mayBeLoaded('ip_set') ? this.#doors.use(openIpSetClient()) : undefined;
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
