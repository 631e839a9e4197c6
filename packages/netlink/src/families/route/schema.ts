/** The messages of rtnetlink, for the debug switch. */
import { attributes, formatFamily, type MessageSchemas, messages, type Schema } from '../../debug/schema.ts';
import { IS_LITTLE_ENDIAN, viewOf } from '../../message.ts';
import {
  ADDRESS_HEADER_SIZE,
  IFA,
  IFLA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_KIND,
  LINK_HEADER_SIZE,
  RTM,
} from './constants.ts';

const LINK_INFO = attributes(
  'IFLA_INFO_',
  { KIND: IFLA_INFO_KIND, DATA: 2, SLAVE_KIND: IFLA_INFO_SLAVE_KIND } as const,
  { KIND: 'text', SLAVE_KIND: 'text' },
);

const LINK_TYPES = {
  ...IFLA,
  BROADCAST: 2,
  MTU: 4,
  LINK: 5,
  QDISC: 6,
  STATS: 7,
  TXQLEN: 13,
  OPERSTATE: 16,
  LINKMODE: 17,
  STATS64: 23,
  AF_SPEC: 26,
  GROUP: 27,
  CARRIER: 33,
} as const;
const LINK: Schema = attributes('IFLA_', LINK_TYPES, {
  IFNAME: 'text',
  MTU: 'u32',
  LINK: 'u32',
  QDISC: 'text',
  MASTER: 'u32',
  TXQLEN: 'u32',
  OPERSTATE: 'u8',
  LINKMODE: 'u8',
  GROUP: 'u32',
  CARRIER: 'u8',
  LINKINFO: () => LINK_INFO,
  EXT_MASK: 'u32',
});

const ADDRESS_TYPES = { ...IFA, LABEL: 3, BROADCAST: 4, CACHEINFO: 6, FLAGS: 8 } as const;
const ADDRESS: Schema = attributes('IFA_', ADDRESS_TYPES, {
  ADDRESS: 'ip',
  LOCAL: 'ip',
  LABEL: 'text',
  BROADCAST: 'ip',
  FLAGS: 'u32',
});

/** struct ifinfomsg. */
const LINK_HEADER = {
  size: LINK_HEADER_SIZE,
  format(header: Uint8Array): string {
    const view = viewOf(header);
    const [index, flags] = [view.getInt32(4, IS_LITTLE_ENDIAN), view.getUint32(8, IS_LITTLE_ENDIAN)];
    return `family=${formatFamily(header[0])} index=${index} flags=0x${flags.toString(16)}`;
  },
};

/** struct ifaddrmsg. */
const ADDRESS_HEADER = {
  size: ADDRESS_HEADER_SIZE,
  format(header: Uint8Array): string {
    const [family, prefix, flags = 0, scope] = header;
    const index = viewOf(header).getUint32(4, IS_LITTLE_ENDIAN);
    return `family=${formatFamily(family)} prefix=${prefix} flags=0x${flags.toString(16)} scope=${scope} index=${index}`;
  },
};

const { NEWLINK, DELLINK, GETLINK, NEWADDR, DELADDR, GETADDR } = RTM;

export const ROUTE_MESSAGES: MessageSchemas = new Map([
  ...messages('RTM_', { NEWLINK, DELLINK, GETLINK } as const, LINK_HEADER, () => LINK),
  ...messages('RTM_', { NEWADDR, DELADDR, GETADDR } as const, ADDRESS_HEADER, () => ADDRESS),
]);
