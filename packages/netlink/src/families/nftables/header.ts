/** The header of every nf_tables message (struct nfgenmsg in linux/netfilter/nfnetlink.h), before its attributes. */
import type { MessageWriter } from '../../message-writer.ts';
import { NO_FAMILY } from '../../nfnetlink.ts';
import { NFPROTO } from './constants.ts';
import type { TableFamily } from './model.ts';

const HEADERS: Readonly<Record<TableFamily, Uint8Array>> = {
  ip: new Uint8Array([NFPROTO.ip, 0, 0, 0]),
  ip6: new Uint8Array([NFPROTO.ip6, 0, 0, 0]),
};

/** Without a family for what belongs to no table. */
export function encodeHeader(writer: MessageWriter, family?: TableFamily): void {
  writer.raw(family === undefined ? NO_FAMILY : HEADERS[family]);
}

/** Undefined for the families of other tables (`inet`, `bridge`). */
export function decodeFamily(payload: Uint8Array): TableFamily | undefined {
  if (payload[0] === NFPROTO.ip) return 'ip';
  return payload[0] === NFPROTO.ip6 ? 'ip6' : undefined;
}
