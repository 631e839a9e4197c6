/** What is asked of IPVS, as bytes (linux/ip_vs.h). */

import { encodeIpv4, encodeIpv6 } from '../../address-bytes.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { encodeGenericHeader } from '../../generic.ts';
import { IS_LITTLE_ENDIAN, NLM_F_REQUEST, viewOf } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { PROTOCOL_NUMBERS } from '../../protocol.ts';
import { FAMILY_VERSION, IPVS_CMD, IPVS_CMD_ATTR, IPVS_DEST_ATTR, IPVS_SVC_ATTR } from './constants.ts';
import {
  type Destination,
  type Frontend,
  type IpvsEdit,
  SERVER_PERSISTENT,
  type VirtualServer,
} from './contract.ts';
import { FORWARDING_METHODS } from './numbers.ts';

/** union nf_inet_addr: IPv4 addresses leave the rest empty. */
const ADDRESS_SIZE = 16;
/** Clients that stay with their destination are told apart by their whole address. */
const WHOLE_IPV4 = 0xffffffff;
/** Where IPv4 has a mask, IPv6 has a length. */
const WHOLE_IPV6 = 128;
const ALL_FLAGS = 0xffffffff;

const COMMANDS: Readonly<Record<IpvsEdit['change'], number>> = {
  'add-server': IPVS_CMD.NEW_SERVICE,
  'set-server': IPVS_CMD.SET_SERVICE,
  'remove-server': IPVS_CMD.DEL_SERVICE,
  'add-destination': IPVS_CMD.NEW_DEST,
  'set-destination': IPVS_CMD.SET_DEST,
  'remove-destination': IPVS_CMD.DEL_DEST,
};

/** One message, which is answered only if it is refused. `type`: of the family. */
export function encodeEdit(writer: MessageWriter, type: number, sequence: number, edit: IpvsEdit): void {
  const message = writer.beginMessage(type, NLM_F_REQUEST, sequence);
  encodeGenericHeader(writer, COMMANDS[edit.change], FAMILY_VERSION);
  switch (edit.change) {
    case 'add-server':
    case 'set-server':
      encodeServer(writer, edit.server);
      break;
    case 'remove-server':
      encodeFrontend(writer, edit.frontend);
      break;
    case 'add-destination':
    case 'set-destination':
      encodeFrontend(writer, edit.frontend);
      encodeDestination(writer, edit.frontend, edit.destination);
      break;
    case 'remove-destination': {
      encodeFrontend(writer, edit.frontend);
      const nested = writer.beginNested(IPVS_CMD_ATTR.DEST);
      writeDestinationIdentity(writer, edit.frontend, edit.destination);
      writer.endNested(nested);
    }
  }
  writer.endMessage(message);
}

/** One message that asks for one virtual server, which is answered in any case. */
export function encodeQuestion(
  writer: MessageWriter,
  type: number,
  sequence: number,
  frontend: Frontend,
): void {
  const message = writer.beginMessage(type, NLM_F_REQUEST, sequence);
  encodeGenericHeader(writer, IPVS_CMD.GET_SERVICE, FAMILY_VERSION);
  encodeFrontend(writer, frontend);
  writer.endMessage(message);
}

/** Which virtual server is meant. */
export function encodeFrontend(writer: MessageWriter, frontend: Frontend): void {
  const nested = writer.beginNested(IPVS_CMD_ATTR.SERVICE);
  writeIdentity(writer, frontend);
  writer.endNested(nested);
}

function encodeServer(writer: MessageWriter, server: VirtualServer): void {
  const { frontend, scheduler, flags, timeoutSeconds } = server;
  const nested = writer.beginNested(IPVS_CMD_ATTR.SERVICE);
  writeIdentity(writer, frontend);
  writer.text(IPVS_SVC_ATTR.SCHED_NAME, scheduler);
  // struct ip_vs_flags: values, and which of them count.
  const at = writer.space(IPVS_SVC_ATTR.FLAGS, 8);
  const view = viewOf(writer.buffer);
  view.setUint32(at, flags, IS_LITTLE_ENDIAN);
  view.setUint32(at + 4, ALL_FLAGS, IS_LITTLE_ENDIAN);
  writer.u32(IPVS_SVC_ATTR.TIMEOUT, (flags & SERVER_PERSISTENT) === 0 ? 0 : timeoutSeconds);
  writer.u32(IPVS_SVC_ATTR.NETMASK, frontend.family === 'IPv4' ? WHOLE_IPV4 : WHOLE_IPV6);
  writer.endNested(nested);
}

function encodeDestination(writer: MessageWriter, frontend: Frontend, destination: Destination): void {
  const nested = writer.beginNested(IPVS_CMD_ATTR.DEST);
  writeDestinationIdentity(writer, frontend, destination);
  writer.u32(IPVS_DEST_ATTR.FWD_METHOD, FORWARDING_METHODS.indexOf(destination.forwarding));
  writer.u32(IPVS_DEST_ATTR.WEIGHT, destination.weight);
  // From how many connections on it gets no more, and from how many down again: no limit.
  writer.u32(IPVS_DEST_ATTR.U_THRESH, 0);
  writer.u32(IPVS_DEST_ATTR.L_THRESH, 0);
  writer.endNested(nested);
}

function writeIdentity(writer: MessageWriter, frontend: Frontend): void {
  writer.u16(IPVS_SVC_ATTR.AF, domainOf(frontend));
  if ('mark' in frontend) {
    writer.u32(IPVS_SVC_ATTR.FWMARK, frontend.mark);
    return;
  }
  writer.u16(IPVS_SVC_ATTR.PROTOCOL, PROTOCOL_NUMBERS[frontend.protocol]);
  writeAddress(writer, IPVS_SVC_ATTR.ADDR, frontend, frontend.ip);
  writer.u16be(IPVS_SVC_ATTR.PORT, frontend.port);
}

function writeDestinationIdentity(
  writer: MessageWriter,
  frontend: Frontend,
  { ip, port }: Pick<Destination, 'ip' | 'port'>,
): void {
  writer.u16(IPVS_DEST_ATTR.ADDR_FAMILY, domainOf(frontend));
  writeAddress(writer, IPVS_DEST_ATTR.ADDR, frontend, ip);
  writer.u16be(IPVS_DEST_ATTR.PORT, port);
}

function domainOf({ family }: Frontend): number {
  return family === 'IPv4' ? AF_INET : AF_INET6;
}

function writeAddress(writer: MessageWriter, type: number, { family }: Frontend, ip: string): void {
  const at = writer.space(type, ADDRESS_SIZE);
  const encode = family === 'IPv4' ? encodeIpv4 : encodeIpv6;
  if (!encode(ip, 0, ip.length, writer.buffer, at)) throw new Error(`BUG: ${ip} is no ${family} address`);
}
