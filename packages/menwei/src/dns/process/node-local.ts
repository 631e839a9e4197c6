/** Answers at addresses that the node has for its pods alone: sockets, interface and rules, kept as they should be. */
import type { HostPort } from '@menwei/addresses/ip.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import { type WantedAddresses, wantedAddresses } from '../nodelocal/addresses.ts';
import { INTERFACE, NodeLocalKernel } from '../nodelocal/kernel.ts';
import { DnsServer } from '../server/dns-server.ts';
import type { ServerParts } from '../server/responder.ts';
import type { NodeLocalOptions } from './dns-options.ts';

const DNS_PORT = 53;
/** How often the kernel is compared: two short lists. */
const LOOK_MS = 1_000;
const CLEANUP_MS = 5_000;

interface NodeLocalParts extends NodeLocalOptions {
  readonly tables: Pick<ObjectTables, 'services' | 'syncedSources'>;
  readonly logger: Logger;
  readonly parts: ServerParts;
}

export class NodeLocal {
  readonly #given: NodeLocalParts;
  readonly #servers = new Map<string, DnsServer>();
  #kind: string | undefined;
  #ofIpvs: readonly string[] = [];
  /** At which of them there is no conntrack. */
  #untracked: readonly string[] = [];
  #rulesAreSeen = false;
  /** What was wrong when the kernel was looked at last. */
  error: string | undefined;

  constructor(given: NodeLocalParts) {
    this.#given = given;
  }

  get listening(): readonly HostPort[] {
    return [...this.#servers.keys()].map((ip) => ({ ip, port: DNS_PORT }));
  }

  status(): unknown {
    const listening = [...this.#servers.keys()];
    const isTrue = listening.every((ip) => this.#untracked.includes(ip));
    return {
      interface: INTERFACE,
      kind: this.#kind,
      addresses: listening,
      rules: listening.length > 0 && isTrue ? 'in place' : 'not in place',
      withoutConntrack: this.#untracked,
      ofIpvs: this.#ofIpvs,
      error: this.error,
    };
  }

  /** Rejects if it can't begin; what goes wrong later is told, and tried again. Leaves nothing behind. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    using kernel = new NodeLocalKernel();
    try {
      await this.#sync(kernel, signal);
      ready();
      while (!signal.aborted) {
        await pause(LOOK_MS, signal);
        if (!signal.aborted) await this.#look(kernel, signal);
      }
    } finally {
      const soon = AbortSignal.timeout(CLEANUP_MS);
      // First the rules: from then on the proxy has queries for the ClusterIP again.
      try {
        await kernel.applyRules([], soon);
      } finally {
        for (const server of this.#servers.values()) server.close();
        this.#servers.clear();
        await kernel.cleanup(soon);
      }
    }
  }

  async #look(kernel: NodeLocalKernel, signal: AbortSignal): Promise<void> {
    try {
      await this.#sync(kernel, signal);
      this.error = undefined;
    } catch (error) {
      if (signal.aborted) return;
      // Nobody knows what became of them.
      if (!this.#rulesAreSeen) this.#untracked = [];
      const text = formatErrorChain(error);
      if (text !== this.error)
        this.#given.logger.error({ err: error }, 'node-local DNS is not as it should be');
      this.error = text;
    }
  }

  /** A socket is there before the rules that lead to it, and after them. */
  async #sync(kernel: NodeLocalKernel, signal: AbortSignal): Promise<void> {
    this.#rulesAreSeen = false;
    const { ips } = await this.#wanted(kernel, signal);
    const gone = [...this.#servers.keys()].filter((ip) => !ips.includes(ip));
    if (gone.length > 0) {
      await this.#applyRules(
        kernel,
        ips.filter((ip) => this.#servers.has(ip)),
        signal,
      );
      for (const ip of gone) {
        this.#servers.get(ip)?.close();
        this.#servers.delete(ip);
      }
    }
    await this.#applyAddresses(kernel, ips, signal);
    let failure: unknown;
    for (const ip of ips.filter((each) => !this.#servers.has(each))) {
      try {
        this.#servers.set(ip, await DnsServer.listen([{ ip, port: DNS_PORT }], this.#given.parts));
        this.#given.logger.info({ address: ip }, 'DNS server is listening for this node');
      } catch (error) {
        failure ??= error;
      }
    }
    await this.#applyRules(kernel, [...this.#servers.keys()], signal);
    this.#rulesAreSeen = true;
    if (failure !== undefined) throw failure;
  }

  async #wanted(kernel: NodeLocalKernel, signal: AbortSignal): Promise<WantedAddresses> {
    const { tables, service, addresses: linkLocal, logger } = this.#given;
    const isSynced = tables.syncedSources.rows.size > 0;
    const found = tables.services.get(service);
    const wanted = wantedAddresses({
      linkLocal,
      clusterIps: isSynced || found !== undefined ? Object.values(found?.clusterIPs ?? {}) : undefined,
      present: await kernel.observeAddresses(signal),
      ofIpvs: await kernel.observeIpvsAddresses(signal),
    });
    if (wanted.ofIpvs.length > 0 && String(wanted.ofIpvs) !== String(this.#ofIpvs)) {
      const addresses = wanted.ofIpvs.join(', ');
      logger.warn(
        { service, addresses },
        'IPVS answers at the ClusterIP: pods must ask the link-local address',
      );
    }
    this.#ofIpvs = wanted.ofIpvs;
    return wanted;
  }

  async #applyAddresses(kernel: NodeLocalKernel, ips: readonly string[], signal: AbortSignal): Promise<void> {
    const { logger } = this.#given;
    const { kind, added, removed } = await kernel.applyAddresses(ips, signal);
    if (this.#kind !== kind)
      logger.info({ interface: INTERFACE, kind }, 'interface for node-local addresses');
    this.#kind = kind;
    if (added.length + removed.length > 0) {
      logger.info(
        { added: added.join(', '), removed: removed.join(', ') },
        'node-local addresses were changed',
      );
    }
  }

  async #applyRules(kernel: NodeLocalKernel, ips: readonly string[], signal: AbortSignal): Promise<void> {
    const isChanged = await kernel.applyRules(ips, signal);
    this.#untracked = ips;
    if (isChanged) this.#given.logger.info({ addresses: ips.join(', ') }, 'node-local rules were changed');
  }
}
