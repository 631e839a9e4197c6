/** Finds the tables that other modes and proxies have left. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NfTables, TableName } from '@menwei/netlink/nftables';
import type { Leftovers } from '../leftovers.ts';
import { TABLE_NAME, tableFamily } from './names.ts';

const KUBE_PROXY_TABLE = 'kube-proxy';

/** `isRunning`: this mode runs, and its own table is in use. Throws KernelError. */
export async function findLeftoverTables(
  client: NfTables,
  family: IpFamily,
  isRunning: boolean,
  signal: AbortSignal,
): Promise<Leftovers | undefined> {
  const tables: TableName[] = [];
  for (const name of [KUBE_PROXY_TABLE, ...(isRunning ? [] : [TABLE_NAME])]) {
    const table = { family: tableFamily(family), name };
    if ((await client.observeChainNames(table, signal)) !== undefined) tables.push(table);
  }
  if (tables.length === 0) return undefined;
  const texts = tables.map((table) => `table ${table.family} ${table.name}`);
  return {
    what: texts.join(' and '),
    commands: `# nft\n${texts.map((text) => `delete ${text}\n`).join('')}`,
    remove: async () => {
      for (const table of tables) await client.apply(table, [{ do: 'delete table' }]);
    },
  };
}
