/** The bytes that keys and values of the table are made of. */
import { addressBytes, type Cidr, type IpFamily } from '@menwei/addresses/ip.ts';
import { PROTOCOL_NUMBERS } from '@menwei/netlink';
import {
  type Bytes,
  type Datatype,
  decodeFields,
  encodeFields,
  encodeList,
  type TableFamily,
} from '@menwei/netlink/nftables';
import type { Protocol } from '../../kubernetes/objects.ts';
import type { Endpoint } from '../../state/service-port.ts';
import type { FrontendKind } from './names.ts';

const IP: Readonly<Record<IpFamily, Datatype>> = { IPv4: 'ipv4_addr', IPv6: 'ipv6_addr' };
const PORT: readonly Datatype[] = ['inet_proto', 'inet_service'];
const FRONTEND: Readonly<Record<IpFamily, Readonly<Record<FrontendKind, readonly Datatype[]>>>> = {
  IPv4: { ip: ['ipv4_addr', ...PORT], nodeport: PORT },
  IPv6: { ip: ['ipv6_addr', ...PORT], nodeport: PORT },
};
const ENDPOINT: Readonly<Record<IpFamily, readonly Datatype[]>> = {
  IPv4: ['ipv4_addr', 'inet_service'],
  IPv6: ['ipv6_addr', 'inet_service'],
};
export const SLOT_SIZE = 4;
const ADDRESS_SIZES: Readonly<Record<IpFamily, number>> = { IPv4: 4, IPv6: 16 };
/** The address, and the port in four bytes. */
const ENDPOINT_SIZES: Readonly<Record<TableFamily, number>> = { ip: 8, ip6: 20 };

export function addressType(family: IpFamily): Datatype {
  return IP[family];
}

export function frontendTypes(family: IpFamily, kind: FrontendKind): readonly Datatype[] {
  return FRONTEND[family][kind];
}

export function endpointTypes(family: IpFamily): readonly Datatype[] {
  return ENDPOINT[family];
}

/** Of each endpoint in a list of them, and at the end of a pair. */
export function endpointSize(family: TableFamily): number {
  return ENDPOINT_SIZES[family];
}

export function addressKey(family: IpFamily, ...addresses: readonly string[]): Bytes {
  return encodeFields(
    addresses.map(() => IP[family]),
    addresses,
  );
}

interface PortOfProtocol {
  readonly protocol: Protocol;
  readonly port: number;
}

/** What all keys of a frontend begin with; undefined: of any address of the node that takes NodePorts. */
export function frontendKey(
  family: IpFamily,
  ip: string | undefined,
  { protocol, port }: PortOfProtocol,
): Bytes {
  const fields = [PROTOCOL_NUMBERS[protocol], port];
  return ip === undefined
    ? encodeFields(FRONTEND[family].nodeport, fields)
    : encodeFields(FRONTEND[family].ip, [ip, ...fields]);
}

/** One after the other. */
export function endpointValues(family: IpFamily, endpoints: readonly Endpoint[]): Bytes {
  return encodeList(
    ENDPOINT[family],
    endpoints.map(({ ip, port }) => [ip, port]),
  );
}

/** The first and the last address. */
export function cidrRange({ family, address, prefixLength }: Cidr): Bytes {
  const first = Buffer.from(addressBytes(address));
  const last = first.map(
    (byte, index) => byte | (0xff >> Math.min(8, Math.max(0, prefixLength - 8 * index))),
  );
  if (first.length !== ADDRESS_SIZES[family]) throw new Error(`BUG: ${address} is no ${family} address`);
  return first.toString('latin1') + Buffer.from(last).toString('latin1');
}

/** What leads to a verdict. */
export function numberValue(number: number): Bytes {
  return encodeFields(['classid'], [number]);
}

/** A slot stands at the end of a key. */
export function slotOf(key: Bytes): number {
  return Number(decodeFields(['slot'], key.slice(-SLOT_SIZE))[0]);
}

const SLOTS = new Map<number, Bytes>();

/** There are as many as a service port has endpoints at most. */
export function slotValue(slot: number): Bytes {
  const known = SLOTS.get(slot);
  if (known !== undefined) return known;
  const value = encodeFields(['slot'], [slot]);
  SLOTS.set(slot, value);
  return value;
}
