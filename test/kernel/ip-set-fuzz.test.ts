/** Any changes, made to the kernel's IP sets and to the fake's: both refuse the same, and end up the same. */

import {
  openIpSetClient,
  type SetEdit,
  type SetEntry,
  type SetRefusal,
  type SetShape,
  type SetType,
} from '@menwei/netlink/ipset';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import fc, { type Arbitrary } from 'fast-check';
import { expect, it } from 'vitest';

const signal = new AbortController().signal;
const NAMES = ['a', 'b'];

const IPS = {
  IPv4: { zeros: '0.0.0.0', ips: ['10.0.0.1', '10.0.0.2'], nets: ['10.0.0.1', '10.0.0.7/24', '0.0.0.0/0'] },
  IPv6: { zeros: '::', ips: ['fd00::1', 'fd00::2'], nets: ['fd00::1', 'fd00::7/64', '::/0'] },
};

const name = fc.constantFrom(...NAMES);
const type = fc.constantFrom<SetType>(
  'hash:ip',
  'hash:ip,port',
  'hash:ip,port,ip',
  'hash:ip,port,net',
  'bitmap:port',
);
const shape: Arbitrary<SetShape> = fc.record({
  name,
  // Mostly one, or little would fit together.
  type: fc.oneof({ weight: 3, arbitrary: fc.constant<SetType>('hash:ip,port') }, type),
  family: fc.constantFrom('IPv4', 'IPv4', 'IPv4', 'IPv6'),
  maxEntries: fc.integer({ min: 1, max: 4 }),
});

function entryOf({ type, family }: SetShape): Arbitrary<SetEntry> {
  const { zeros, ips, nets } = IPS[family];
  const ip = fc.constantFrom(...ips);
  const port = fc.constantFrom('tcp:80', 'udp:80', 'sctp:80');
  const net = fc.constantFrom(...nets);
  const parts: Readonly<Record<SetType, readonly Arbitrary<string>[]>> = {
    // Whether other types take an address of zeros depends on the kernel.
    'hash:ip': [fc.constantFrom(...ips, zeros)],
    'hash:ip,port': [ip, port],
    'hash:ip,port,ip': [ip, port, ip],
    'hash:ip,port,net': [ip, port, net],
    'bitmap:port': [fc.constantFrom('80', '443')],
  };
  return fc.tuple(...parts[type]).map((texts) => texts.join(','));
}

const entryEdit = (change: 'add' | 'remove'): Arbitrary<SetEdit> =>
  shape.chain((shape) =>
    fc.array(entryOf(shape), { maxLength: 5 }).map((entries): SetEdit => ({ change, shape, entries })),
  );

const edit: Arbitrary<SetEdit> = fc.oneof(
  { weight: 3, arbitrary: shape.map((shape): SetEdit => ({ change: 'create', shape })) },
  { weight: 6, arbitrary: entryEdit('add') },
  { weight: 3, arbitrary: entryEdit('remove') },
  {
    weight: 1,
    arbitrary: fc.tuple(name, name).map(([name, other]): SetEdit => ({ change: 'swap', name, other })),
  },
  { weight: 1, arbitrary: name.map((name): SetEdit => ({ change: 'destroy', name })) },
);

/** In no order that means anything. */
function told(refusals: readonly SetRefusal[]): readonly string[] {
  return refusals.map(({ edit, error }) => JSON.stringify([edit, error.errno])).sort();
}

it('the fake does what the kernel does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 8 }), { maxLength: 6 }), async (batches) => {
      unshare(CLONE_NEWNET);
      using kernel = openIpSetClient();
      const fake = new FakeIpSets();
      for (const edits of batches) {
        const [expected, refusals] = [await kernel.apply(edits, signal), await fake.apply(edits, signal)];
        expect(told(refusals)).toEqual(told(expected));
        expect(fake.dump()).toEqual(await kernel.observe(NAMES, signal));
        expect(await fake.observeSizes(signal)).toEqual(await kernel.observeSizes(signal));
      }
    }),
    { numRuns: 150 },
  );
});
