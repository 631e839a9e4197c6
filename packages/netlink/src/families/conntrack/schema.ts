/** The messages of connection tracking, for the debug switch. */
import { attributes, type MessageSchemas, messages, NFGENMSG, type Schema } from '../../debug/schema.ts';
import {
  CTA,
  CTA_FILTER,
  CTA_IP,
  CTA_PROTO,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  CTA_TUPLE,
  IPCTNL_MSG_CT,
} from './constants.ts';

const IPS = attributes('CTA_IP_', CTA_IP, { V4_SRC: 'ip', V4_DST: 'ip', V6_SRC: 'ip', V6_DST: 'ip' });
const PORTS = attributes('CTA_PROTO_', CTA_PROTO, { NUM: 'u8', SRC_PORT: 'u16be', DST_PORT: 'u16be' });
const TUPLE = attributes('CTA_TUPLE_', CTA_TUPLE, { IP: () => IPS, PROTO: () => PORTS });
const FILTER = attributes('CTA_FILTER_', CTA_FILTER, { ORIG_FLAGS: 'u32', REPLY_FLAGS: 'u32' });

const TCP = attributes('CTA_PROTOINFO_TCP_', CTA_PROTOINFO_TCP, { STATE: 'u8' });
const PROTOINFO = attributes('CTA_PROTOINFO_', CTA_PROTOINFO, { TCP: () => TCP });

const TYPES = { ...CTA, USE: 11, TIMESTAMP: 20, LABELS: 22, SYNPROXY: 24 } as const;
const ENTRY: Schema = attributes('CTA_', TYPES, {
  TUPLE_ORIG: () => TUPLE,
  TUPLE_REPLY: () => TUPLE,
  STATUS: 'u32be',
  STATUS_MASK: 'u32be',
  PROTOINFO: () => PROTOINFO,
  TIMEOUT: 'u32be',
  MARK: 'u32be',
  USE: 'u32be',
  ID: 'u32be',
  ZONE: 'u16be',
  FILTER: () => FILTER,
});

export const CONNTRACK_MESSAGES: MessageSchemas = messages(
  'IPCTNL_MSG_CT_',
  IPCTNL_MSG_CT,
  NFGENMSG,
  () => ENTRY,
);
