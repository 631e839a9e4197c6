/** What one socket sends and receives, decoded, on the standard error output: what NETLINK_DEBUG=1 turns on. */
import { CONNTRACK_MESSAGES } from '../families/conntrack/schema.ts';
import { IPSET_MESSAGES } from '../families/ipset/schema.ts';
import { FAMILY_NAME } from '../families/ipvs/constants.ts';
import { IPVS_MESSAGES } from '../families/ipvs/schema.ts';
import { NFACCT_MESSAGES } from '../families/nfacct/schema.ts';
import { NFTABLES_MESSAGES } from '../families/nftables/schema.ts';
import { ROUTE_MESSAGES } from '../families/route/schema.ts';
import { NETLINK_GENERIC, NETLINK_NETFILTER, NETLINK_ROUTE } from '../netlink-protocols.ts';
import { type Direction, formatDatagram } from './format.ts';
import { genericSchemas } from './generic.ts';
import type { MessageSchemas, SchemaOf } from './schema.ts';

const NETFILTER_MESSAGES: MessageSchemas = new Map([
  ...NFTABLES_MESSAGES,
  ...IPSET_MESSAGES,
  ...CONNTRACK_MESSAGES,
  ...NFACCT_MESSAGES,
]);

/** Called with every datagram. */
export type Trace = (direction: Direction, datagram: Uint8Array) => void;

/** @param protocol NETLINK_* */
export function openTrace(protocol: number): Trace {
  const schemaOf = schemasOf(protocol);
  return (direction, datagram) => {
    process.stderr.write(`${formatDatagram(datagram, direction, schemaOf)}\n`);
  };
}

/** What the messages of a protocol's socket are; one for each socket, in whose traffic generic families are found. */
export function schemasOf(protocol: number): SchemaOf {
  if (protocol === NETLINK_GENERIC) return genericSchemas(new Map([[FAMILY_NAME, IPVS_MESSAGES]]));
  if (protocol === NETLINK_ROUTE) return (type) => ROUTE_MESSAGES.get(type);
  if (protocol === NETLINK_NETFILTER) return (type) => NETFILTER_MESSAGES.get(type);
  return () => undefined;
}
