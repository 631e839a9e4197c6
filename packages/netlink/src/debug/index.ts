/** Messages as text for people: what NETLINK_DEBUG=1 prints, for programs that print it elsewhere. */
export { type Direction, formatDatagram, formatMessage } from './format.ts';
export type { MessageSchema, Schema, SchemaOf } from './schema.ts';
export { schemasOf } from './trace.ts';
