/**
 * Accounting objects of netfilter (linux/netfilter/nfnetlink_acct.h): named counters that rules count into with
 * `-m nfacct`. They belong to the network namespace of the calling thread, and can't be removed while a rule uses them.
 */
import { constants } from 'node:os';
import type { Attributes } from '../../attribute.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { malformed, type NetlinkMessage, NLM_F_CREATE, NLM_F_EXCL, viewOf } from '../../message.ts';
import { NETLINK_NETFILTER } from '../../netlink-protocols.ts';
import { decodeBody, NO_FAMILY } from '../../nfnetlink.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { NFACCT, NFNL_MSG_ACCT } from './constants.ts';

/** Whether this kernel has accounting objects and lets us use them. */
export function observeAccountingSupport(): boolean {
  try {
    request('get', NFNL_MSG_ACCT.GET, 'IMayExist');
    return true;
  } catch (error) {
    if (error instanceof KernelError) return error.errno === constants.errno.ENOENT;
    throw error;
  }
}

/** Makes sure there is an object of this name, of 31 bytes at most. What it has counted stays. Throws KernelError. */
export function applyAccountingObject(name: string): void {
  try {
    // Without NLM_F_EXCL an object that is there already would be EBUSY, as much else might be.
    request('create', NFNL_MSG_ACCT.NEW, name, NLM_F_CREATE | NLM_F_EXCL);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== constants.errno.EEXIST) throw error;
  }
}

/** What an accounting object has counted. */
export interface Accounted {
  readonly packets: number;
  readonly bytes: number;
}

/** Undefined: there is no object of this name. Throws KernelError. */
export function observeAccountingObject(name: string): Accounted | undefined {
  try {
    const [reply] = request('read', NFNL_MSG_ACCT.GET, name);
    return reply && decodeAccounted(reply.payload);
  } catch (error) {
    if (error instanceof KernelError && error.errno === constants.errno.ENOENT) return undefined;
    throw error;
  }
}

/** Throws KernelError when malformed. */
function decodeAccounted(payload: Uint8Array): Accounted {
  const attributes = decodeBody(payload);
  return { packets: decodeCount(attributes, NFACCT.PKTS), bytes: decodeCount(attributes, NFACCT.BYTES) };
}

/** In network byte order; beyond 2^53 not exact. */
function decodeCount(attributes: Attributes, type: number): number {
  const value = attributes.get(type);
  if (value?.length !== 8) throw malformed('counter', 0, value?.length ?? 0);
  return Number(viewOf(value).getBigUint64(0, false));
}

function request(operation: string, type: number, name: string, flags = 0): readonly NetlinkMessage[] {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  return connection.request({
    operation,
    object: `accounting object ${name}`,
    type,
    flags,
    write(writer) {
      writer.raw(NO_FAMILY);
      writer.text(NFACCT.NAME, name);
    },
  });
}
