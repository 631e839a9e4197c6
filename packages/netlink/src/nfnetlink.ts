/** What the messages of all of netfilter begin with (struct nfgenmsg in linux/netfilter/nfnetlink.h). */
import { type Attributes, decodeAttributesBehind } from './attribute.ts';

/** Address family, version, resource. */
export const NFGENMSG_SIZE = 4;

/** No address family, version 0, no resource. */
export const NO_FAMILY = new Uint8Array(NFGENMSG_SIZE);

/** What is behind it. Throws KernelError. */
export function decodeBody(payload: Uint8Array): Attributes {
  return decodeAttributesBehind(NFGENMSG_SIZE, payload);
}
