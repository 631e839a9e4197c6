/** The messages of IP sets, for the debug switch. */
import { attributes, type MessageSchemas, messages, NFGENMSG, type Schema } from '../../debug/schema.ts';
import { IPSET_ATTR, IPSET_ATTR_IPADDR, IPSET_CMD, IPSET_ENTRY_ATTR, IPSET_SET_ATTR } from './constants.ts';

const IP = attributes('IPSET_ATTR_IPADDR_', IPSET_ATTR_IPADDR, { IPV4: 'ip', IPV6: 'ip' });

const ENTRY: Schema = attributes('IPSET_ATTR_', IPSET_ENTRY_ATTR, {
  IP: () => IP,
  PORT: 'u16be',
  PROTO: 'u8',
  FLAGS: 'u32be',
  IP2: () => IP,
  CIDR2: 'u8',
});

const SET_TYPES = { ...IPSET_SET_ATTR, HASHSIZE: 18, REFERENCES: 25, MEMSIZE: 26 } as const;
const SET: Schema = attributes('IPSET_ATTR_', SET_TYPES, {
  PORT: 'u16be',
  PORT_TO: 'u16be',
  MAXELEM: 'u32be',
  ELEMENTS: 'u32be',
  HASHSIZE: 'u32be',
  REFERENCES: 'u32be',
  MEMSIZE: 'u32be',
});

const { DATA } = IPSET_ATTR;
const ENTRIES: Schema = new Map([[DATA, { name: 'IPSET_ATTR_DATA', as: () => ENTRY }]]);

// In an answer the number of TYPENAME is that of the name to swap with in a request.
const { SETNAME2: _, ...TYPES } = IPSET_ATTR;

function contents(command: keyof typeof IPSET_CMD): Schema {
  const isAboutEntry = command === 'ADD' || command === 'DEL';
  return attributes('IPSET_ATTR_', TYPES, {
    PROTOCOL: 'u8',
    SETNAME: 'text',
    TYPENAME: 'text',
    REVISION: 'u8',
    FAMILY: 'u8',
    FLAGS: 'u32be',
    DATA: () => (isAboutEntry ? ENTRY : SET),
    ADT: () => ENTRIES,
    LINENO: 'u32',
    REVISION_MIN: 'u8',
  });
}

export const IPSET_MESSAGES: MessageSchemas = messages('IPSET_CMD_', IPSET_CMD, NFGENMSG, contents);
