/** What is left of the clients that rules remember when a transaction is through: the backend forgets some of them. */
import { Forgotten } from '../../../src/backends/nftables/forgotten.ts';
import type { Transaction } from '../../../src/kernel/netlink/nf-tables/model.ts';
import type { Memory } from '../packet.ts';
import { splitClientName } from './instructions.ts';

export function forget(memory: Memory, transaction: Transaction): Memory {
  const forgotten = new Forgotten();
  forgotten.note(transaction);
  const isForgotten = (map: string, key: string, data: string) =>
    transaction.some(
      (each) => each.do === 'delete table' || (each.do === 'delete set' && each.set === map),
    ) || forgotten.isAbout(map, { key, data, comment: '' });
  return new Map(
    [...memory].filter(([name, { data }]) => {
      const { map, key } = splitClientName(name);
      return !isForgotten(map, key, data);
    }),
  );
}
