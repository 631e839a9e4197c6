/** The messages of IPVS by their commands, for the debug switch. */
import { GENERIC_HEADER } from '../../debug/generic.ts';
import { attributes, type MessageSchemas, messages, type Schema } from '../../debug/schema.ts';
import {
  IPVS_CMD,
  IPVS_CMD_ATTR,
  IPVS_DAEMON_ATTR,
  IPVS_DEST_ATTR,
  IPVS_INFO_ATTR,
  IPVS_STATS_ATTR,
  IPVS_SVC_ATTR,
} from './constants.ts';

const STATS = attributes('IPVS_STATS_ATTR_', IPVS_STATS_ATTR, {
  CONNS: 'u64',
  INPKTS: 'u64',
  OUTPKTS: 'u64',
  INBYTES: 'u64',
  OUTBYTES: 'u64',
});

/** An IPv4 address has 16 bytes, too, of which the first four count: so no address is written as one. */
const SERVICE = attributes('IPVS_SVC_ATTR_', IPVS_SVC_ATTR, {
  AF: 'u16',
  PROTOCOL: 'u16',
  PORT: 'u16be',
  FWMARK: 'u32',
  SCHED_NAME: 'text',
  TIMEOUT: 'u32',
  STATS64: () => STATS,
});

const DESTINATION = attributes('IPVS_DEST_ATTR_', IPVS_DEST_ATTR, {
  PORT: 'u16be',
  FWD_METHOD: 'u32',
  WEIGHT: 'u32',
  U_THRESH: 'u32',
  L_THRESH: 'u32',
  ACTIVE_CONNS: 'u32',
  INACT_CONNS: 'u32',
  PERSIST_CONNS: 'u32',
  ADDR_FAMILY: 'u16',
  STATS64: () => STATS,
});

const DAEMON = attributes('IPVS_DAEMON_ATTR_', IPVS_DAEMON_ATTR, {
  STATE: 'u32',
  MCAST_IFN: 'text',
  SYNC_ID: 'u32',
});

const COMMAND: Schema = attributes('IPVS_CMD_ATTR_', IPVS_CMD_ATTR, {
  SERVICE: () => SERVICE,
  DEST: () => DESTINATION,
  DAEMON: () => DAEMON,
  TIMEOUT_TCP: 'u32',
  TIMEOUT_TCP_FIN: 'u32',
  TIMEOUT_UDP: 'u32',
});

const INFO: Schema = attributes('IPVS_INFO_ATTR_', IPVS_INFO_ATTR, { VERSION: 'u32', CONN_TAB_SIZE: 'u32' });

/** By command. */
export const IPVS_MESSAGES: MessageSchemas = messages('IPVS_CMD_', IPVS_CMD, GENERIC_HEADER, (command) =>
  command === 'GET_INFO' ? INFO : COMMAND,
);
