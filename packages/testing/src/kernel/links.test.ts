import { KernelError } from '@menwei/netlink';
import type { AddressEdit } from '@menwei/netlink/route';
import { describe, expect, it } from 'vitest';
import { FakeLinks } from './links.ts';
import { describeLinks } from './links-laws.ts';

const signal = new AbortController().signal;
const ADDING: readonly AddressEdit[] = ['10.96.0.1', '10.96.0.2'].map((ip) => ({ change: 'add', ip }));

describeLinks('the fake', () => new FakeLinks());

describe('faults', () => {
  it('hit one operation in ten: before it, halfway and after it', async () => {
    const met = new Map<string, number>();
    for (let seed = 0; seed < 1000; seed++) {
      const fake = new FakeLinks({ faults: { seed } });
      fake.addDevice('eth0');
      const error = await fake.applyAddresses('eth0', ADDING, signal).catch((thrown: unknown) => thrown);
      const size = fake.dump('eth0').length;
      const what = error instanceof KernelError ? `${error.detail}, ${size}` : `done, ${size}`;
      met.set(what, (met.get(what) ?? 0) + 1);
    }
    expect(new Set(met.keys())).toEqual(
      new Set([
        'done, 2',
        'not enough memory (ENOMEM): injected fault (before), 0',
        'not enough memory (ENOMEM): injected fault (halfway), 1',
        'no buffer space available (ENOBUFS): injected fault (after), 2',
      ]),
    );
    expect(met.get('done, 2')).toBeGreaterThan(850);
  });

  it('hit all operations, until they are stopped', async () => {
    const fake = new FakeLinks({ faults: { seed: 1, rate: 1 } });
    expect(() => fake.applyDummy('dummy')).toThrow(KernelError);
    expect(() => fake.removeLink('dummy')).toThrow(KernelError);
    expect(() => fake.hasLink('dummy')).toThrow(KernelError);
    await expect(fake.observeAddresses('IPv4', signal)).rejects.toThrow(KernelError);
    fake.faults.stop();
    expect(fake.hasLink('lo')).toBe(true);
  });
});

describe('the fake', () => {
  it('remembers what was asked of it, but not what somebody else did', async () => {
    const fake = new FakeLinks();
    fake.addDevice('eth0', [{ ip: '192.0.2.1', prefixLength: 24, scope: 'global' }]);
    fake.meddle('eth0', ADDING);
    await fake.applyAddresses('eth0', ADDING, signal);
    expect(fake.applied).toEqual([ADDING]);
    expect(fake.dump('eth0').map(({ ip }) => ip)).toEqual(['192.0.2.1', '10.96.0.1', '10.96.0.2']);
  });
});
