/** The segments of this node as the kernel has them: rtnetlink for the interfaces, packet sockets for the frames. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { listen, NETLINK_ROUTE, type NetlinkMessage } from '@menwei/netlink';
import {
  AddressReader,
  decodeInterfaceIndex,
  decodeLink,
  type KernelLinks,
  openLinkClient,
  RTM,
  RTNLGRP,
} from '@menwei/netlink/route';
import { CarrierQuestion } from './carrier-question.ts';
import { type InterfaceNews, InterfaceTable } from './interface-table.ts';
import { PacketPort } from './packet-port.ts';
import type { Port, PortListener, SegmentInterface, Wire } from './wire.ts';

const GROUPS = [RTNLGRP.LINK, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR];

/** Of the network namespace that {@link run} and {@link open} are called in. */
export class PacketWire implements Wire {
  readonly #listeners = new Set<() => void>();
  readonly #reader = new AddressReader();
  readonly #ports = new Set<PacketPort>();
  #table = new InterfaceTable();
  /** What came while all was being listed, and may be newer than the list. */
  #kept: InterfaceNews[] | undefined;
  #isOutdated = false;
  #carriers: CarrierQuestion | undefined;

  get interfaces(): readonly SegmentInterface[] {
    return this.#table.interfaces;
  }

  onInterfaces(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  open(interfaceIndex: number, family: IpFamily, listener: PortListener): Port {
    const port = new PacketPort(interfaceIndex, family, listener, () => this.#ports.delete(port));
    this.#ports.add(port);
    return port;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { promise: failure, reject } = Promise.withResolvers<never>();
    const failed = new AbortController();
    const end = AbortSignal.any([signal, failed.signal]);
    using client = openLinkClient();
    const list = (done: () => void): void => {
      this.#list(client, end).then(done, (error: unknown) => {
        if (!end.aborted) reject(error);
      });
    };
    this.#carriers = new CarrierQuestion(() => {
      try {
        this.#askForCarriers(client);
      } catch (error) {
        reject(error);
      }
    });
    this.#carriers.start();
    const listener = {
      onDatagram: (messages: readonly NetlinkMessage[]) => this.#take(messages),
      onLost: () => list(() => undefined),
      ready: () => list(ready),
    };
    try {
      await Promise.race([listen(NETLINK_ROUTE, GROUPS, listener, end), failure]);
    } finally {
      this.#carriers.stop();
      failed.abort();
      this.#table = new InterfaceTable();
      this.#kept = undefined;
      this.#tell();
    }
  }

  /** However often news is lost meanwhile, one more list is enough for it. */
  async #list(client: KernelLinks, signal: AbortSignal): Promise<void> {
    this.#isOutdated = true;
    if (this.#kept !== undefined) return;
    while (this.#isOutdated) {
      this.#isOutdated = false;
      this.#kept = [];
      const links = await client.observeLinks(signal);
      const addresses = await client.observeNumberedAddresses(signal);
      signal.throwIfAborted();
      this.#table.replace(links, addresses);
      for (const news of this.#kept) this.#table.take(news);
    }
    this.#kept = undefined;
    if (this.#table.refresh()) this.#tell();
  }

  /** Of the interfaces that are in use. */
  #askForCarriers(client: KernelLinks): void {
    if (this.#kept !== undefined) return;
    const indexes = new Set(Array.from(this.#ports, ({ interfaceIndex }) => interfaceIndex));
    const used = this.interfaces.filter(({ index }) => indexes.has(index));
    let isChanged = false;
    for (const { name, index } of used) {
      const link = client.observeLink(name);
      // One that has gone, or has another name now, is told of.
      if (link?.index !== index || link.hasCarrier || this.#table.hasCarrier(index) === false) continue;
      isChanged = this.#table.take({ kind: 'link', link });
    }
    if (isChanged && this.#table.refresh()) this.#tell();
  }

  #take(messages: readonly NetlinkMessage[]): void {
    let isChanged = false;
    for (const message of messages) {
      if (message.type === RTM.NEWLINK) this.#carriers?.start();
      const news = this.#decode(message);
      if (news === undefined) continue;
      if (this.#kept !== undefined) this.#kept.push(news);
      else if (this.#table.take(news)) isChanged = true;
    }
    if (isChanged && this.#table.refresh()) this.#tell();
  }

  #decode({ type, payload }: NetlinkMessage): InterfaceNews | undefined {
    if (type === RTM.NEWLINK || type === RTM.DELLINK) {
      const link = decodeLink(payload);
      if (link === undefined) return undefined;
      return type === RTM.NEWLINK
        ? { kind: 'link', link }
        : { kind: 'no link', index: decodeInterfaceIndex(payload) };
    }
    if (type !== RTM.NEWADDR && type !== RTM.DELADDR) return undefined;
    const address = this.#reader.read(payload);
    return address && { kind: type === RTM.NEWADDR ? 'address' : 'no address', address };
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
