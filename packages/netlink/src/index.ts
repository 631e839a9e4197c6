/** Netlink itself: sockets, requests and dumps, news, messages and attributes. What families say is in subpaths of their own. */

export type { Acknowledgement } from './acknowledgement.ts';
export type { IpFamily } from './address.ts';
export { type Attributes, decodeAttributes, decodeText, encodeAttributes, encodeText } from './attribute.ts';
export { forEachAttribute } from './attribute-reader.ts';
export {
  type DumpReader,
  type ExchangeAnswer,
  NetlinkConnection,
  type NetlinkRequest,
} from './connection.ts';
export { formatErrno } from './errno.ts';
export { encodeGenericHeader, observeGenericFamily } from './generic.ts';
export { GENERIC_HEADER_SIZE } from './generic-constants.ts';
export { KernelError, type KernelFailure } from './kernel-error.ts';
export { listen, listenOn, type NetlinkListener, openListeningSocket } from './listener.ts';
export {
  decodeMessages,
  decodeSequences,
  encodeMessage,
  IS_LITTLE_ENDIAN,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './message.ts';
export { type Mark, MessageWriter } from './message-writer.ts';
export { NETLINK_GENERIC, NETLINK_NETFILTER, NETLINK_ROUTE } from './netlink-protocols.ts';
export { NFGENMSG_SIZE } from './nfnetlink.ts';
export { encodePortFilter } from './port-filter.ts';
export { PROTOCOL_NUMBERS, type TransportProtocol } from './protocol.ts';
export {
  type NetlinkSocket,
  type NetlinkTransport,
  openNetlinkTransport,
} from './transport.ts';
