import { KernelError } from '@menwei/netlink';
import { IPSET_ERR, type SetEdit, type SetShape } from '@menwei/netlink/ipset';
import { describe, expect, it } from 'vitest';
import { FakeIpSets } from './ip-set.ts';
import { describeIpSets } from './ip-set-laws.ts';

const signal = new AbortController().signal;
const shape: SetShape = { name: 'suite', type: 'bitmap:port', family: 'IPv4', maxEntries: 65_536 };
const FILLING: readonly SetEdit[] = [
  { change: 'create', shape },
  { change: 'add', shape, entries: ['80', '443'] },
];

describeIpSets('the fake', () => new FakeIpSets());

describe('faults', () => {
  it('hit one operation in ten: before it, halfway and after it', async () => {
    const met = new Map<string, number>();
    for (let seed = 0; seed < 1000; seed++) {
      const fake = new FakeIpSets({ faults: { seed } });
      const error = await fake.apply(FILLING, signal).catch((thrown: unknown) => thrown);
      const size = fake.dump().get('suite')?.entries.size ?? 'no set';
      const what = error instanceof KernelError ? `${error.detail}, ${size}` : `done, ${size}`;
      met.set(what, (met.get(what) ?? 0) + 1);
    }
    expect(new Set(met.keys())).toEqual(
      new Set([
        'done, 2',
        'not enough memory (ENOMEM): injected fault (before), no set',
        'not enough memory (ENOMEM): injected fault (halfway), 1',
        'no buffer space available (ENOBUFS): injected fault (after), 2',
      ]),
    );
    expect(met.get('done, 2')).toBeGreaterThan(850);
  });

  it('hit looks as well', async () => {
    const fake = new FakeIpSets({ faults: { seed: 1, rate: 1 } });
    await expect(fake.observe(['suite'], signal)).rejects.toThrow(KernelError);
    fake.faults.stop();
    expect(await fake.observeSizes(signal)).toEqual(new Map());
  });
});

describe('the fake', () => {
  it('does not destroy a set that a rule looks into', async () => {
    const fake = new FakeIpSets({ isInUse: (name) => name === 'suite' });
    fake.meddle(FILLING);
    const refusals = await fake.apply([{ change: 'destroy', name: 'suite' }], signal);
    expect(refusals.map(({ error }) => [error.message, error.errno])).toEqual([
      ['destroy set suite: the set is in use (IPSET_ERR_BUSY)', IPSET_ERR.BUSY],
    ]);
    expect(fake.has('suite')).toBe(true);
  });

  it('remembers what was asked of it, but not what somebody else did', async () => {
    const fake = new FakeIpSets();
    fake.meddle(FILLING);
    await fake.apply(FILLING, signal);
    expect(fake.applied).toEqual([FILLING]);
  });
});
