import { KernelError } from '@menwei/netlink';
import type { Operation } from '@menwei/netlink/nftables';
import { describe, expect, it } from 'vitest';
import { FakeNfTables } from './nf-tables.ts';
import { describeNfTables } from './nf-tables-laws.ts';

const signal = new AbortController().signal;
const TABLE = { family: 'ip', name: 'suite' } as const;
const ADDING: Operation = { do: 'add table', table: { ...TABLE, comment: '' } };

describeNfTables('the fake', () => new FakeNfTables());

/** What became of operations: how they failed, and whether they had taken effect all the same. */
async function failures(seed: number): Promise<readonly string[]> {
  const fake = new FakeNfTables({ faults: { seed } });
  const met: string[] = [];
  for (let count = 0; count < 2000; count++) {
    const before = fake.observeGeneration();
    const error = await fake.apply(TABLE, [ADDING]).catch((thrown: unknown) => thrown);
    const tookEffect = fake.observeGeneration() !== before;
    if (error instanceof KernelError) met.push(`${error.detail} ${tookEffect}`);
    else expect(tookEffect).toBe(true);
  }
  return met;
}

describe('faults', () => {
  it('are the same with the same seed, and others with another', async () => {
    expect(await failures(1)).toEqual(await failures(1));
    expect(await failures(1)).not.toEqual(await failures(2));
  });

  it('hit one operation in ten, before it and after it', async () => {
    const met = await failures(3);
    expect(met.length).toBeGreaterThan(140);
    expect(met.length).toBeLessThan(260);
    expect(new Set(met)).toEqual(
      new Set([
        'not enough memory (ENOMEM): injected fault (before) false',
        'not enough memory (ENOMEM): injected fault (halfway) false',
        'no buffer space available (ENOBUFS): injected fault (after) true',
      ]),
    );
  });
});

describe('somebody else', () => {
  it('changes the generation, and is not among the transactions', async () => {
    const fake = new FakeNfTables();
    const { generation } = await fake.observe(TABLE, signal);
    fake.meddle(TABLE, [ADDING]);
    expect(fake.transactions).toEqual([]);
    await expect(fake.apply(TABLE, [ADDING], { generation })).rejects.toMatchObject({ errno: 85 });
  });
});
