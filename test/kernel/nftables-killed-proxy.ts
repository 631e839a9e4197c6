/** A proxy that is killed after some transactions, for nftables-faults.test.ts: it reads its orders from the command line. */
import { openNfTables } from '@menwei/netlink/nftables';
import { interrupted, openProxy } from './nftables-objects.ts';

const { family, busy, transactions } = JSON.parse(process.argv[2] ?? '');
const { client } = interrupted(openNfTables(), {
  afterApply: async (time) => {
    if (time + 1 === transactions) process.kill(process.pid, 'SIGKILL');
  },
});
const { error } = await openProxy(client, family, busy).sync(new AbortController().signal);
throw error ?? new Error(`there were not ${transactions} transactions`);
