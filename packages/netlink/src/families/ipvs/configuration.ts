/** What IPVS tells of itself, apart from virtual servers (linux/ip_vs.h). Decoders throw KernelError when malformed. */
import { type Attributes, decodeAttributes, decodeText } from '../../attribute.ts';
import { GENERIC_HEADER_SIZE } from '../../generic-constants.ts';
import { malformed, viewOf } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { readU32 } from './attribute-fields.ts';
import { IPVS_CMD_ATTR, IPVS_DAEMON_ATTR, IPVS_INFO_ATTR } from './constants.ts';
import type { IpvsInfo, IpvsTimeouts, SyncDaemon } from './contract.ts';

const STATE_MASTER = 1;

export function encodeTimeouts(writer: MessageWriter, timeouts: IpvsTimeouts): void {
  writer.u32(IPVS_CMD_ATTR.TIMEOUT_TCP, timeouts.tcpSeconds);
  writer.u32(IPVS_CMD_ATTR.TIMEOUT_TCP_FIN, timeouts.tcpFinSeconds);
  writer.u32(IPVS_CMD_ATTR.TIMEOUT_UDP, timeouts.udpSeconds);
}

/** A kernel without TCP or UDP in IPVS leaves out its timeouts: 0. */
export function decodeTimeouts(payload: Uint8Array): IpvsTimeouts {
  const attributes = decodeBody(payload);
  return {
    tcpSeconds: numberOf(attributes, IPVS_CMD_ATTR.TIMEOUT_TCP),
    tcpFinSeconds: numberOf(attributes, IPVS_CMD_ATTR.TIMEOUT_TCP_FIN),
    udpSeconds: numberOf(attributes, IPVS_CMD_ATTR.TIMEOUT_UDP),
  };
}

export function decodeInfo(payload: Uint8Array): IpvsInfo {
  const attributes = decodeBody(payload);
  const code = numberOf(attributes, IPVS_INFO_ATTR.VERSION);
  return {
    version: [code >> 16, code >> 8, code].map((part) => part & 0xff).join('.'),
    connectionTableSize: numberOf(attributes, IPVS_INFO_ATTR.CONN_TAB_SIZE),
  };
}

export function decodeDaemon(payload: Uint8Array): SyncDaemon {
  const nested = decodeBody(payload).get(IPVS_CMD_ATTR.DAEMON);
  if (nested === undefined) throw malformed('sync daemon', 0, payload.length);
  const attributes = decodeAttributes(nested);
  return {
    state: numberOf(attributes, IPVS_DAEMON_ATTR.STATE) === STATE_MASTER ? 'master' : 'backup',
    interface: decodeText(attributes.get(IPVS_DAEMON_ATTR.MCAST_IFN) ?? new Uint8Array()),
    syncId: numberOf(attributes, IPVS_DAEMON_ATTR.SYNC_ID),
  };
}

function decodeBody(payload: Uint8Array): Attributes {
  return decodeAttributes(payload.subarray(GENERIC_HEADER_SIZE));
}

function numberOf(attributes: Attributes, type: number): number {
  const value = attributes.get(type);
  return value === undefined ? 0 : readU32(viewOf(value), 0, value.length);
}
