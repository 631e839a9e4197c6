import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';
import { FakeIptables } from './iptables.ts';
import { describeIptablesTools, describeVirtualServerMatch, type OpenKernel } from './iptables-laws.ts';

const signal = new AbortController().signal;
const TWO_TABLES = '*filter\n:K1 - [0:0]\nCOMMIT\n*nat\n:K1 - [0:0]\nCOMMIT\n';

const openKernel: OpenKernel = async (family) =>
  new FakeIptables({ family, hasSet: (name) => name === (family === 'IPv4' ? 'S4' : 'S6') });

describeIptablesTools('the fake', openKernel);
describeVirtualServerMatch('the fake', openKernel);

async function failures(seed: number): Promise<readonly string[]> {
  const fake = new FakeIptables({ faults: { seed } });
  const met: string[] = [];
  for (let count = 0; count < 2000; count++) {
    try {
      await fake.restore([], signal);
      met.push('');
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      met.push(error.detail);
    }
  }
  return met;
}

describe('faults', () => {
  it('are the same with the same seed, and others with another', async () => {
    expect(await failures(1)).toEqual(await failures(1));
    expect(await failures(1)).not.toEqual(await failures(2));
  });

  it('hit one operation in ten, in all three ways', async () => {
    const met = (await failures(3)).filter((detail) => detail !== '');
    expect(met.length).toBeGreaterThan(140);
    expect(met.length).toBeLessThan(260);
    expect(new Set(met)).toEqual(
      new Set(['before', 'halfway', 'after'].map((kind) => `injected fault (${kind})`)),
    );
  });

  it.each([
    ['before', { filter: undefined, nat: undefined }],
    ['halfway', { filter: [], nat: undefined }],
    ['after', { filter: [], nat: [] }],
  ])('%s: the kernel holds what had taken effect by then', async (kind, expected) => {
    for (let seed = 0; ; seed++) {
      const fake = new FakeIptables({ faults: { seed, rate: 1 } });
      const failure = await fake.restore([TWO_TABLES], signal).catch((error: unknown) => error);
      if (!String(failure).includes(`(${kind})`)) continue;
      fake.faults.stop();
      expect({
        filter: await fake.list('filter', 'K1', signal),
        nat: await fake.list('nat', 'K1', signal),
      }).toEqual(expected);
      return;
    }
  });

  it('cut a save short', async () => {
    const lines = { whole: 0, cut: 0 };
    await new FakeIptables().save('nat', () => lines.whole++, signal);
    for (let seed = 0; lines.cut === 0; seed++) {
      const fake = new FakeIptables({ faults: { seed, rate: 1 } });
      await fake.save('nat', () => lines.cut++, signal).catch(() => undefined);
      if (lines.cut === lines.whole) lines.cut = 0;
    }
    expect(lines.cut).toBeLessThan(lines.whole);
  });
});

it('knows which sets its rules ask', async () => {
  const fake = new FakeIptables({ hasSet: () => true });
  await fake.restore(
    ['*nat\n-A OUTPUT -m set --match-set S1 dst -m set ! --match-set S2 src\nCOMMIT\n'],
    signal,
  );
  expect(['S1', 'S2', 'S3'].filter((name) => fake.asksSet(name))).toEqual(['S1', 'S2']);
  fake.wipe();
  expect(fake.asksSet('S1')).toBe(false);
});

describe('somebody else', () => {
  it('can wipe one table or all', async () => {
    const fake = new FakeIptables();
    await fake.restore([TWO_TABLES.replaceAll('COMMIT', '-A OUTPUT -j K1\nCOMMIT')], signal);
    const nat = new FakeIptables();
    await nat.restore(['*nat\n:K1 - [0:0]\n-A OUTPUT -j K1\nCOMMIT\n'], signal);
    fake.wipe('filter');
    expect(fake.dump()).toBe(nat.dump());
    fake.wipe();
    expect(fake.dump()).toBe(new FakeIptables().dump());
  });

  it('is not among the operations', () => {
    const fake = new FakeIptables();
    fake.meddle(TWO_TABLES);
    fake.wipe();
    expect(fake.operations).toEqual([]);
  });
});
