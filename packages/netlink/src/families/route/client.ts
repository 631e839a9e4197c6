/** The interfaces of a network namespace and their addresses, in the kernel (linux/rtnetlink.h). */
import { constants } from 'node:os';
import { IP_FAMILIES, type IpFamily } from '../../address.ts';
import { type DumpReader, NetlinkConnection, type NetlinkRequest } from '../../connection.ts';
import { EventLoopTurn } from '../../event-loop.ts';
import { setSocketOption } from '../../ffi.ts';
import { KernelError } from '../../kernel-error.ts';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { NETLINK_ROUTE } from '../../netlink-protocols.ts';
import { openNetlinkTransport, SOL_NETLINK } from '../../transport.ts';
import { RTM } from './constants.ts';
import type {
  AddressEdit,
  AddressOnInterface,
  AddressRefusal,
  Link,
  LinkClient,
  PlainLinkKind,
} from './contract.ts';
import {
  AddressReader,
  decodeLink,
  encodeAddress,
  encodeAddressQuestion,
  encodeLink,
  encodeLinkName,
  encodeLinkQuestion,
  isDummy,
  type ObservedAddress,
} from './message.ts';

const { EADDRNOTAVAIL, EEXIST, ENODEV, EOPNOTSUPP } = constants.errno;
/** In the order in which they are tried. */
const CARRIERS: readonly PlainLinkKind[] = ['dummy', 'ifb'];
const NETLINK_GET_STRICT_CHK = 12;
const ON = new Uint8Array(new Uint32Array([1]).buffer);
/** The event loop waits meanwhile: of an interface with 5,000 addresses the kernel takes half a millisecond to remove one. */
const EDITS_PER_DATAGRAM = 32;
const ADDING = [RTM.NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL] as const;
const REMOVING = [RTM.DELADDR, NLM_F_REQUEST | NLM_F_ACK] as const;

/** In the network namespace the calling thread is in. Throws KernelError. */
export function openLinkClient(): KernelLinks {
  const transport = openNetlinkTransport(NETLINK_ROUTE);
  try {
    // A list of the addresses of one interface really is one only when the kernel is asked to be strict (Linux 4.20).
    setSocketOption(transport.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, ON);
  } catch (error) {
    transport[Symbol.dispose]();
    throw error;
  }
  return new KernelLinks(new NetlinkConnection(transport));
}

/** Owns its connection. */
export class KernelLinks implements LinkClient, Disposable {
  readonly #connection: NetlinkConnection;

  constructor(connection: NetlinkConnection) {
    this.#connection = connection;
  }

  /**
   * It is left down, as kube-proxy leaves it: addresses of both families are local all the same, and no IPv6 addresses
   * of its own and no routes come up with it.
   */
  applyDummy(name: string): void {
    if (this.#create(name, 'dummy')) return;
    const link = this.observeLink(name);
    if (link === undefined || isDummy(link)) return;
    throw anotherKind(name, link);
  }

  /**
   * Makes sure there is an interface of this name that carries addresses and leads nowhere: a dummy, or what comes closest
   * where the kernel has none. It is left down. Returns its kind. Throws KernelError.
   */
  applyAddressCarrier(name: string): PlainLinkKind {
    for (const kind of CARRIERS) {
      const link = this.observeLink(name);
      const present = CARRIERS.find((each) => each === link?.kind);
      if (present !== undefined) return present;
      if (link !== undefined) throw anotherKind(name, link);
      try {
        if (this.#create(name, kind)) return kind;
      } catch (error) {
        if (!hasErrno(error, EOPNOTSUPP) || kind === CARRIERS.at(-1)) throw error;
      }
    }
    throw new KernelError({ operation: 'create', object: `interface ${name}`, detail: 'it comes and goes' });
  }

  removeLink(name: string): void {
    try {
      this.#connection.request({
        operation: 'remove',
        object: `interface ${name}`,
        type: RTM.DELLINK,
        write: (writer) => encodeLinkName(writer, name),
      });
    } catch (error) {
      if (!hasErrno(error, ENODEV)) throw error;
    }
  }

  hasLink(name: string): boolean {
    return this.observeLink(name) !== undefined;
  }

  indexOf(name: string): number | undefined {
    return this.observeLink(name)?.index;
  }

  /** Undefined: there is none of this name. Throws KernelError. */
  observeLink(name: string): Link | undefined {
    try {
      const [answer] = this.#connection.request({
        operation: 'observe',
        object: `interface ${name}`,
        type: RTM.GETLINK,
        write: (writer) => encodeLinkQuestion(writer, name),
      });
      if (answer === undefined) throw new Error('BUG: the kernel acknowledged a question it did not answer');
      const link = decodeLink(answer.payload);
      if (link === undefined) throw new Error('BUG: the kernel answered with a port of a bridge');
      return link;
    } catch (error) {
      if (hasErrno(error, ENODEV)) return undefined;
      throw error;
    }
  }

  /** All interfaces. */
  observeLinks(signal: AbortSignal): Promise<readonly Link[]> {
    const list: NetlinkRequest = {
      operation: 'observe',
      object: 'interfaces',
      type: RTM.GETLINK,
      write: (writer) => encodeLinkQuestion(writer),
    };
    return this.#connection.dump(list, linkListReader, signal);
  }

  async applyAddresses(
    name: string,
    edits: readonly AddressEdit[],
    signal: AbortSignal,
  ): Promise<readonly AddressRefusal[]> {
    if (edits.length === 0) return [];
    const index = this.indexOf(name);
    if (index === undefined) {
      const detail = 'there is no such interface (ENODEV)';
      throw new KernelError({ operation: 'change', object: `addresses of ${name}`, detail, errno: ENODEV });
    }
    const refusals: AddressRefusal[] = [];
    const turn = new EventLoopTurn();
    for (let start = 0; start < edits.length; start += EDITS_PER_DATAGRAM) {
      if (start > 0) await turn.next();
      signal.throwIfAborted();
      refusals.push(...(await this.#exchange(name, index, edits.slice(start, start + EDITS_PER_DATAGRAM))));
    }
    return refusals;
  }

  async observeAddresses(
    family: IpFamily,
    signal: AbortSignal,
    name?: string,
  ): Promise<readonly AddressOnInterface[]> {
    const names = name === undefined ? namesOf(await this.observeLinks(signal)) : this.#nameOf(name);
    const [index, other] = names.keys();
    if (index === undefined) return [];
    const object = `${family} addresses${name === undefined ? '' : ` of ${name}`}`;
    const list: NetlinkRequest = {
      operation: 'observe',
      object,
      type: RTM.GETADDR,
      write: (writer) => encodeAddressQuestion(writer, family, other === undefined ? index : undefined),
    };
    return await this.#connection.dump(list, () => addressListReader(names), signal);
  }

  /** All addresses with the numbers of their interfaces, which stay when the names change. */
  async observeNumberedAddresses(signal: AbortSignal): Promise<readonly ObservedAddress[]> {
    const lists: (readonly ObservedAddress[])[] = [];
    for (const family of IP_FAMILIES) {
      const list: NetlinkRequest = {
        operation: 'observe',
        object: `${family} addresses`,
        type: RTM.GETADDR,
        write: (writer) => encodeAddressQuestion(writer, family),
      };
      lists.push(await this.#connection.dump(list, numberedListReader, signal));
    }
    return lists.flat();
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** False: there is one of this name. */
  #create(name: string, kind: PlainLinkKind): boolean {
    try {
      this.#connection.request({
        operation: 'create',
        object: `${kind} interface ${name}`,
        type: RTM.NEWLINK,
        flags: NLM_F_CREATE | NLM_F_EXCL,
        write: (writer) => encodeLink(writer, name, kind),
      });
      return true;
    } catch (error) {
      if (hasErrno(error, EEXIST)) return false;
      throw error;
    }
  }

  #nameOf(name: string): ReadonlyMap<number, string> {
    const link = this.observeLink(name);
    return new Map(link === undefined ? [] : [[link.index, name]]);
  }

  async #exchange(
    name: string,
    index: number,
    edits: readonly AddressEdit[],
  ): Promise<readonly AddressRefusal[]> {
    const first = this.#connection.takeSequences(edits.length);
    const writer = new MessageWriter();
    for (const [place, { change, ip }] of edits.entries()) {
      const [type, flags] = change === 'add' ? ADDING : REMOVING;
      const message = writer.beginMessage(type, flags, first + place);
      encodeAddress(writer, index, ip);
      writer.endMessage(message);
    }
    const answers = await this.#connection.exchange(writer.bytes());
    const bySequence = new Map(answers.map((answer) => [answer.sequence, answer]));
    return edits.flatMap((edit, place) => {
      const answer = bySequence.get(first + place);
      if (answer === undefined) throw editError(edit, name, 'no answer from the kernel');
      const { errno, detail } = answer;
      const isRight = errno === 0 || errno === (edit.change === 'add' ? EEXIST : EADDRNOTAVAIL);
      return isRight ? [] : [{ edit, error: editError(edit, name, detail, errno) }];
    });
  }
}

function anotherKind(name: string, { kind = 'a device' }: Link): KernelError {
  const detail = `there is an interface of this name of another kind (${kind})`;
  return new KernelError({ operation: 'create', object: `dummy interface ${name}`, detail, errno: EEXIST });
}

/** `add address 10.96.0.1 to kube-ipvs0: …` */
function editError({ change, ip }: AddressEdit, name: string, detail: string, errno?: number): KernelError {
  const object = `address ${ip} ${change === 'add' ? 'to' : 'from'} ${name}`;
  return new KernelError({ operation: change, object, detail, errno });
}

function addressListReader(names: ReadonlyMap<number, string>): DumpReader<readonly AddressOnInterface[]> {
  const addresses: AddressOnInterface[] = [];
  const reader = new AddressReader();
  return {
    read({ payload }) {
      const address = reader.read(payload);
      // Interfaces that came into being meanwhile have no name here: what is on them is told in news.
      const name = address === undefined ? undefined : names.get(address.index);
      if (address === undefined || name === undefined) return;
      const { index: _, ...told } = address;
      addresses.push({ interface: name, ...told });
    },
    result: () => addresses,
  };
}

function numberedListReader(): DumpReader<readonly ObservedAddress[]> {
  const addresses: ObservedAddress[] = [];
  const reader = new AddressReader();
  return {
    read({ payload }) {
      const address = reader.read(payload);
      if (address !== undefined) addresses.push(address);
    },
    result: () => addresses,
  };
}

function linkListReader(): DumpReader<readonly Link[]> {
  const links: Link[] = [];
  return {
    read({ payload }) {
      const link = decodeLink(payload);
      if (link !== undefined) links.push(link);
    },
    result: () => links,
  };
}

function namesOf(links: readonly Link[]): ReadonlyMap<number, string> {
  return new Map(links.map(({ index, name }) => [index, name]));
}

function hasErrno(error: unknown, errno: number): boolean {
  return error instanceof KernelError && error.errno === errno;
}
