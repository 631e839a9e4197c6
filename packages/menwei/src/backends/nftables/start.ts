/** What the nftables mode does once, before its first sync. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { openNfTables } from '@menwei/netlink/nftables';
import type { Settings } from '../../config/settings.ts';
import { NftablesBackend } from './backend.ts';
import type { NftablesOptions } from './options.ts';

/** What follows from the settings alone, without a look at the machine. */
export function nftablesOptions({ nftables, answeredVIPs }: Settings, family: IpFamily): NftablesOptions {
  const { masqueradeBit, masqueradeAll } = nftables;
  return { family, masqueradeMark: 2 ** masqueradeBit, masqueradeAll, answeredVIPs };
}

/** Of the connections of both families: neither is a stranger to the other. */
const ownPorts: number[] = [];

/** The backend of one family, or why the family can't be served here. */
export function startNftables(settings: Settings, family: IpFamily): NftablesBackend | KernelError {
  try {
    const client = openNfTables();
    // A kernel without nf_tables, or one that does not let us at it, says so here.
    client.observeGeneration();
    const port = client.portId;
    ownPorts.push(port);
    const close = () => {
      client[Symbol.dispose]();
      ownPorts.splice(ownPorts.indexOf(port), 1);
    };
    return new NftablesBackend({ ...nftablesOptions(settings, family), client, ownPorts, close });
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause;
    const { message: detail, errno } = cause;
    return new KernelError({ operation: 'use', object: 'nf_tables', detail, errno, cause });
  }
}
