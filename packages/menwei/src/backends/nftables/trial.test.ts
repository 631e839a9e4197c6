import { KernelError } from '@menwei/netlink';
import type { Transaction } from '@menwei/netlink/nftables';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { describe, expect, it } from 'vitest';
import { tryNftables } from './trial.ts';

const OPTIONS = { masqueradeMark: 1 << 14, masqueradeAll: false, answeredVIPs: 'pools' } as const;

/** A kernel that refuses the first operation of a kind. */
function refusing(kind: Transaction[number]['do'], detail: string) {
  return {
    apply: async (_table: unknown, transaction: Transaction) => {
      const refused = transaction.find((operation) => operation.do === kind);
      if (refused !== undefined) throw new KernelError({ operation: kind, object: 'x', detail, errno: 2 });
      return { messages: 1, bytes: 1 };
    },
    [Symbol.dispose]: () => undefined,
  };
}

describe('tryNftables', () => {
  it('finds nothing wrong with a kernel that takes everything, and changes nothing', async () => {
    const kernel = new FakeNfTables();
    const open = () => Object.assign(kernel, { [Symbol.dispose]: () => undefined });
    expect(await tryNftables(OPTIONS, open)).toBeUndefined();
    const { content } = await kernel.observe({ family: 'ip', name: 'menwei-trial' });
    expect(content).toBeUndefined();
  });

  it.each(['add table', 'add set', 'add chain', 'add rule', 'add elements'] as const)(
    'tells of the first refusal: %s',
    async (kind) => {
      const answer = await tryNftables(OPTIONS, () => refusing(kind, 'No such file or directory'));
      expect(answer?.message).toBe(`${kind} x: No such file or directory`);
    },
  );
});
