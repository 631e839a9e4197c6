/** Finds the tables that other modes and proxies have left. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NfTables, TableName } from '@menwei/netlink/nftables';
import { tableFamily } from '@menwei/netlink/nftables';
import type { Leftovers, ProxyProgram } from '../leftovers.ts';
import { TABLE_NAME } from './names.ts';

const TABLES: Readonly<Record<ProxyProgram, string>> = { menwei: TABLE_NAME, 'kube-proxy': 'kube-proxy' };

/** @param used whose table is in use, if anybody's is. Throws KernelError. */
export async function findLeftoverTables(
  client: NfTables,
  family: IpFamily,
  used: ProxyProgram | undefined,
  signal: AbortSignal,
): Promise<Leftovers | undefined> {
  const tables: TableName[] = [];
  for (const name of Object.values(TABLES)) {
    if (used !== undefined && name === TABLES[used]) continue;
    const table = { family: tableFamily(family), name };
    if ((await client.observeChainNames(table, signal)) !== undefined) tables.push(table);
  }
  if (tables.length === 0) return undefined;
  const texts = tables.map((table) => `table ${table.family} ${table.name}`);
  const what = texts.join(' and ');
  return {
    what,
    commands: `# nft\n${texts.map((text) => `delete ${text}\n`).join('')}`,
    remove: async () => {
      for (const table of tables) await client.apply(table, [{ do: 'delete table' }]);
      return { removed: what, draining: undefined };
    },
  };
}
