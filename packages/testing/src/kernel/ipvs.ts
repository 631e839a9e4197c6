/**
 * IPVS in memory, behind the same interface as the kernel's: it refuses what that refuses, and gives back what it was given.
 * ipvs-laws.ts holds both to the same behaviour. No packet comes by: tests say what has gone through. Only tests import
 * this folder.
 */
import { constants } from 'node:os';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import { parseDump } from '@menwei/netfilter/ipvsadm/parse.ts';
import { formatErrno } from '@menwei/netlink';
import {
  type Counters,
  type Destination,
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type IpvsClient,
  type IpvsEdit,
  type IpvsInfo,
  type IpvsRefusal,
  type IpvsTimeouts,
  type ObservedDestination,
  refusalOf,
  type SyncDaemon,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { type FaultOptions, Faults } from './faults.ts';
import { type HeldServer, IpvsTable } from './ipvs-table.ts';
import { failure, Refused } from './refused.ts';

const { EINVAL, ENOBUFS, ENOMEM } = constants.errno;
const NO_COUNTERS: Counters = { connections: 0n, packetsIn: 0n, packetsOut: 0n, bytesIn: 0n, bytesOut: 0n };
const NO_CONNECTIONS = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
/** In hundredths of a second it must be a number of 31 bits. */
const MAX_TIMEOUT_SECONDS = Math.floor(0x7fffffff / 100);

interface FakeIpvsOptions {
  readonly faults?: FaultOptions;
}

type Connections = Omit<ObservedDestination, keyof Destination>;

export class FakeIpvs implements IpvsClient {
  readonly faults: Faults;
  /** All that was asked to be done so far, batch by batch, what failed included. */
  readonly batches: (readonly IpvsEdit[])[] = [];
  /** Those that run. */
  daemons: readonly SyncDaemon[] = [];
  #timeouts: IpvsTimeouts = { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 };
  readonly #table = new IpvsTable();
  /** By server and destination, also of a destination that is gone: as in the kernel it finds its connections again. */
  readonly #connections = new Map<string, Connections>();
  /** By server, or by server and destination. */
  readonly #counters = new Map<string, Counters>();

  constructor({ faults }: FakeIpvsOptions = {}) {
    this.faults = new Faults(faults);
  }

  /**
   * A kernel that holds what `ipvsadm -Sn` printed somewhere else, so that a report of a fault becomes a test.
   *
   * @throws UnreadableError where it is no such listing; KernelError for what no kernel would take
   */
  static fromDump(text: string, options: FakeIpvsOptions = {}): FakeIpvs {
    const ipvs = new FakeIpvs(options);
    ipvs.meddle(...parseDump(text));
    return ipvs;
  }

  async apply(edits: readonly IpvsEdit[], signal: AbortSignal): Promise<readonly IpvsRefusal[]> {
    signal.throwIfAborted();
    this.batches.push(edits);
    // As with the kernel, others get a turn meanwhile.
    await Promise.resolve();
    return this.#operation('apply', (isHalf) =>
      edits.slice(0, isHalf ? edits.length / 2 : edits.length).flatMap((edit) => this.#run(edit) ?? []),
    );
  }

  observeServers(family: IpFamily, signal: AbortSignal): Promise<readonly VirtualServer[]> {
    return this.#observe(signal, () => this.#serversOf(family).map(([, { server }]) => server));
  }

  observePresent(frontends: readonly Frontend[], signal: AbortSignal): Promise<ReadonlySet<FrontendKey>> {
    return this.#observe(signal, () => {
      return new Set(frontends.map(formatFrontend).filter((key) => this.#table.servers.has(key)));
    });
  }

  observeDestinations(frontend: Frontend, signal: AbortSignal): Promise<readonly ObservedDestination[]> {
    return this.#observe(signal, () => this.#destinationsOf(frontend));
  }

  observeServerCounters(family: IpFamily, signal: AbortSignal): Promise<ReadonlyMap<FrontendKey, Counters>> {
    return this.#observe(
      signal,
      () => new Map(this.#serversOf(family).map(([key]) => [key, this.#counters.get(key) ?? NO_COUNTERS])),
    );
  }

  observeDestinationCounters(
    frontend: Frontend,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counters>> {
    return this.#observe(signal, () => {
      const all = this.#destinationsOf(frontend).map((destination) => {
        const counters = this.#counters.get(placeOf(frontend, destination)) ?? NO_COUNTERS;
        return [formatHostPort(destination.ip, destination.port), counters] as const;
      });
      return new Map(all);
    });
  }

  observeTimeouts(): IpvsTimeouts {
    return this.#operation('observe', () => this.#timeouts);
  }

  applyTimeouts({ tcpSeconds, tcpFinSeconds, udpSeconds }: IpvsTimeouts): void {
    this.#operation('apply', () => {
      const isTooLong = Math.max(tcpSeconds, tcpFinSeconds, udpSeconds) > MAX_TIMEOUT_SECONDS;
      if (isTooLong) throw failure('set', 'timeouts of IPVS', EINVAL);
      const now = this.#timeouts;
      this.#timeouts = {
        tcpSeconds: tcpSeconds || now.tcpSeconds,
        tcpFinSeconds: tcpFinSeconds || now.tcpFinSeconds,
        udpSeconds: udpSeconds || now.udpSeconds,
      };
    });
  }

  observeInfo(): IpvsInfo {
    return this.#operation('observe', () => ({ version: '1.2.1', connectionTableSize: 4096 }));
  }

  observeDaemons(signal: AbortSignal): Promise<readonly SyncDaemon[]> {
    return this.#observe(signal, () => this.daemons);
  }

  /** All there is, of both families: no fault. */
  dump(): ReadonlyMap<FrontendKey, HeldServer> {
    return this.#table.servers;
  }

  /** What somebody else does: no fault, and nothing that is counted. Throws KernelError for what is refused. */
  meddle(...edits: readonly IpvsEdit[]): void {
    for (const edit of edits) {
      const refusal = this.#run(edit);
      if (refusal !== undefined) throw refusal.error;
    }
  }

  /** How many connections a destination has from now on, also after it was removed and added again. */
  setConnections(
    frontend: Frontend,
    destination: Pick<Destination, 'ip' | 'port'>,
    connections: Partial<Connections>,
  ): void {
    this.#connections.set(placeOf(frontend, destination), { ...NO_CONNECTIONS, ...connections });
  }

  /** What has gone through a virtual server, or to one of its destinations. */
  setCounters(
    frontend: Frontend,
    counters: Partial<Counters>,
    destination?: Pick<Destination, 'ip' | 'port'>,
  ): void {
    this.#counters.set(placeOf(frontend, destination), { ...NO_COUNTERS, ...counters });
  }

  async #observe<T>(signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve();
    return this.#operation('observe', work);
  }

  /** @param work does it, or only the half of it */
  #operation<T>(operation: string, work: (isHalf: boolean) => T): T {
    const fault = this.faults.next();
    if (fault === 'none') return work(false);
    if (fault !== 'before') work(fault === 'halfway');
    throw failure(operation, 'IPVS', fault === 'before' ? ENOMEM : ENOBUFS, `injected fault (${fault})`);
  }

  #run(edit: IpvsEdit): IpvsRefusal | undefined {
    try {
      this.#table.run(edit);
      if (edit.change === 'remove-server') this.#forgetCounters(formatFrontend(edit.frontend));
      return undefined;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return refusalOf(edit, error.errno, formatErrno(error.errno));
    }
  }

  #forgetCounters(server: FrontendKey): void {
    for (const place of this.#counters.keys()) {
      if (place === server || place.startsWith(`${server} `)) this.#counters.delete(place);
    }
  }

  #serversOf(family: IpFamily): readonly (readonly [FrontendKey, HeldServer])[] {
    return [...this.#table.servers].filter(([, { server }]) => server.frontend.family === family);
  }

  #destinationsOf(frontend: Frontend): readonly ObservedDestination[] {
    const destinations = this.#table.servers.get(formatFrontend(frontend))?.destinations.values() ?? [];
    return Array.from(destinations, (destination) => ({
      ...destination,
      ...(this.#connections.get(placeOf(frontend, destination)) ?? NO_CONNECTIONS),
    }));
  }
}

function placeOf(frontend: Frontend, destination?: Pick<Destination, 'ip' | 'port'>): string {
  const server = formatFrontend(frontend);
  return destination === undefined ? server : `${server} ${formatHostPort(destination.ip, destination.port)}`;
}
