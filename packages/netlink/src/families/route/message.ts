/** Interfaces and their addresses as bytes (linux/rtnetlink.h). Numbers are in the machine's byte order. */
import { familyOf, type IpFamily } from '../../address.ts';
import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6 } from '../../address-bytes.ts';
import { AsciiWriter } from '../../ascii-writer.ts';
import { decodeAttributes, decodeAttributesBehind, decodeText } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { IS_LITTLE_ENDIAN, malformed, viewOf } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import {
  ADDRESS_HEADER_SIZE,
  ARPHRD_ETHER,
  IFA,
  IFA_F,
  IFF,
  IFLA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_KIND,
  LINK_FLAGS_OFFSET,
  LINK_HEADER_SIZE,
  LINK_TYPE_OFFSET,
  RT_SCOPE,
  RTEXT_FILTER_SKIP_STATS,
} from './constants.ts';
import type { AddressOnInterface, Link, PlainLinkKind } from './contract.ts';

const NO_LINK = new Uint8Array(LINK_HEADER_SIZE);
const DUMMY = 'dummy';
const AF_UNSPEC = 0;
const MAC_SIZE = 6;

/** An address with the number of its interface instead of the name. */
export interface ObservedAddress extends Omit<AddressOnInterface, 'interface'> {
  readonly index: number;
}

/** The payload of a request to make an interface of a kind that needs no more words. */
export function encodeLink(writer: MessageWriter, name: string, kind: PlainLinkKind): void {
  encodeLinkName(writer, name);
  const info = writer.beginNested(IFLA.LINKINFO);
  writer.text(IFLA_INFO_KIND, kind);
  writer.endNested(info);
}

/** The payload of a request about the interface of this name. */
export function encodeLinkName(writer: MessageWriter, name: string): void {
  writer.raw(NO_LINK);
  writer.text(IFLA.IFNAME, name);
}

/** The payload of a request for one interface, or for all. */
export function encodeLinkQuestion(writer: MessageWriter, name?: string): void {
  if (name === undefined) writer.raw(NO_LINK);
  else encodeLinkName(writer, name);
  writer.u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** Whether it is a dummy interface. */
export function isDummy({ kind }: Pick<Link, 'kind'>): boolean {
  return kind === DUMMY;
}

/** Undefined: it is what a bridge says of one of its ports, which comes in messages of the same type. Throws KernelError. */
export function decodeLink(payload: Uint8Array): Link | undefined {
  const attributes = decodeAttributesBehind(LINK_HEADER_SIZE, payload);
  if (payload[0] !== AF_UNSPEC) return undefined;
  const name = attributes.get(IFLA.IFNAME);
  if (name === undefined) throw malformed('name of an interface', 0, 0);
  const nested = attributes.get(IFLA.LINKINFO);
  const info = nested === undefined ? undefined : decodeAttributes(nested);
  const kindOf = (type: number): string | undefined => {
    const kind = info?.get(type);
    return kind === undefined ? undefined : decodeText(kind);
  };
  const view = viewOf(payload);
  const flags = view.getUint32(LINK_FLAGS_OFFSET, IS_LITTLE_ENDIAN);
  const works = IFF.UP | IFF.RUNNING | IFF.LOWER_UP;
  const master = decodeMaster(attributes.get(IFLA.MASTER));
  return {
    index: decodeInterfaceIndex(payload),
    name: decodeText(name),
    kind: kindOf(IFLA_INFO_KIND),
    isUp: (flags & IFF.UP) !== 0,
    hasCarrier: (flags & works) === works,
    isLoopback: (flags & IFF.LOOPBACK) !== 0,
    isNoArp: (flags & IFF.NOARP) !== 0,
    mac:
      view.getUint16(LINK_TYPE_OFFSET, IS_LITTLE_ENDIAN) === ARPHRD_ETHER
        ? decodeMac(attributes.get(IFLA.ADDRESS))
        : undefined,
    master: master === undefined ? undefined : { index: master, kind: kindOf(IFLA_INFO_SLAVE_KIND) },
  };
}

function decodeMaster(bytes: Uint8Array | undefined): number | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length !== 4) throw malformed('master of an interface', 0, bytes.length);
  return viewOf(bytes).getUint32(0, IS_LITTLE_ENDIAN);
}

function decodeMac(bytes: Uint8Array | undefined): string | undefined {
  if (bytes?.length !== MAC_SIZE) return undefined;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The payload of a request about one address of the interface, with the longest prefix there is. */
export function encodeAddress(writer: MessageWriter, index: number, ip: string): void {
  const family = familyOf(ip);
  const isIpv4 = family === 'IPv4';
  writer.raw(addressHeader(family, index, isIpv4 ? 32 : 128, isIpv4 ? 0 : IFA_F.NODAD));
  // With IPv4 the kernel wants the other end, too, which is the same.
  const types = isIpv4 ? [IFA.LOCAL, IFA.ADDRESS] : [IFA.LOCAL];
  for (const type of types) {
    const at = writer.space(type, isIpv4 ? 4 : 16);
    const encode = isIpv4 ? encodeIpv4 : encodeIpv6;
    if (!encode(ip, 0, ip.length, writer.buffer, at)) throw new Error(`BUG: ${ip} is no IP address`);
  }
}

/** The payload of a request for all addresses of a family, or for those of one interface where the kernel sorts them out. */
export function encodeAddressQuestion(writer: MessageWriter, family: IpFamily, index = 0): void {
  writer.raw(addressHeader(family, index, 0, 0));
}

/** struct ifaddrmsg, with the scope of the whole world. */
function addressHeader(family: IpFamily, index: number, prefixLength: number, flags: number): Uint8Array {
  const header = new Uint8Array([family === 'IPv4' ? AF_INET : AF_INET6, prefixLength, flags, 0, 0, 0, 0, 0]);
  viewOf(header).setUint32(4, index, IS_LITTLE_ENDIAN);
  return header;
}

/** Which interface news or an answer is about: links and addresses have it in the same place. Throws KernelError. */
export function decodeInterfaceIndex(payload: Uint8Array): number {
  if (payload.length < ADDRESS_HEADER_SIZE) throw malformed('header', 0, payload.length);
  return viewOf(payload).getUint32(4, IS_LITTLE_ENDIAN);
}

/** Reads addresses, one after the other. */
export class AddressReader {
  readonly #text = new AsciiWriter();
  #from = 0;
  #size = 0;
  #isLocal = false;

  /** Undefined: of no IP family. Throws KernelError when malformed. */
  read(payload: Uint8Array): ObservedAddress | undefined {
    const index = decodeInterfaceIndex(payload);
    const [family, prefixLength = 0, flags = 0, scope = 0] = payload;
    if (family !== AF_INET && family !== AF_INET6) return undefined;
    this.#size = 0;
    this.#isLocal = false;
    forEachAttribute(payload, ADDRESS_HEADER_SIZE, payload.length, this.#take);
    if (this.#size !== (family === AF_INET ? 4 : 16)) throw malformed('address', this.#from, this.#size);
    if (family === AF_INET) decodeIpv4(payload, this.#from, this.#text);
    else decodeIpv6(payload, this.#from, this.#text);
    const state = family === AF_INET ? undefined : stateOf(flags);
    return { index, ip: this.#text.take(), prefixLength, scope: scopeOf(scope), ...(state && { state }) };
  }

  /** On a link between two, one attribute is the other end. */
  readonly #take = (type: number, from: number, to: number): void => {
    if (type !== IFA.LOCAL && (type !== IFA.ADDRESS || this.#isLocal)) return;
    this.#isLocal = type === IFA.LOCAL;
    this.#from = from;
    this.#size = to - from;
  };
}

function stateOf(flags: number): AddressOnInterface['state'] {
  const { TENTATIVE, OPTIMISTIC, DADFAILED, DEPRECATED, TEMPORARY } = IFA_F;
  if ((flags & DADFAILED) !== 0 || (flags & (TENTATIVE | OPTIMISTIC)) === TENTATIVE) return 'tentative';
  return (flags & (DEPRECATED | TEMPORARY)) === 0 ? undefined : 'passing';
}

function scopeOf(scope: number): AddressOnInterface['scope'] {
  if (scope === RT_SCOPE.HOST) return 'host';
  return scope === RT_SCOPE.LINK ? 'link' : 'global';
}
