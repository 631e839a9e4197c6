/**
 * Accounting objects of netfilter (linux/netfilter/nfnetlink_acct.h): named counters that rules count into with
 * `-m nfacct`. They belong to the network namespace of the calling thread, and can't be removed while a rule uses them.
 */
import { constants } from 'node:os';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../message.ts';
import { NETLINK_NETFILTER } from '../../netlink-protocols.ts';
import { NO_FAMILY } from '../../nfnetlink.ts';
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

function request(operation: string, type: number, name: string, flags = 0): void {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  connection.request({
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
