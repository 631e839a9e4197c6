/**
 * What the proxy relies on in IP sets, checked on the real kernel and on the fake alike: so tests on the fake say
 * something about the kernel.
 */
import { constants } from 'node:os';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import {
  IPSET_ERR,
  type IpSetClient,
  type SetEdit,
  type SetEntry,
  type SetShape,
  type SetType,
} from '@menwei/netlink/ipset';
import { beforeEach, describe, expect, it } from 'vitest';

const { EEXIST, ENOENT, EINVAL } = constants.errno;
const signal = new AbortController().signal;
const TYPES: readonly SetType[] = [
  'hash:ip',
  'hash:ip,port',
  'hash:ip,port,ip',
  'hash:ip,port,net',
  'bitmap:port',
];

function shapeOf(type: SetType, family: IpFamily, name = 'suite', maxEntries = 1_048_576): SetShape {
  // What a bitmap says of itself.
  if (type === 'bitmap:port') return { name, type, family: 'IPv4', maxEntries: 65_536 };
  return { name, type, family, maxEntries };
}

function entriesOf(type: SetType, family: IpFamily): readonly SetEntry[] {
  const [a, b, net] =
    family === 'IPv4' ? ['10.0.0.1', '10.0.0.2', '192.168.0.0/24'] : ['fd00::1', 'fd00::2', 'fd00:1::/64'];
  const ofType: Readonly<Record<SetType, readonly SetEntry[]>> = {
    'hash:ip': [a, b],
    'hash:ip,port': [`${a},tcp:80`, `${a},udp:80`, `${a},sctp:80`, `${b},tcp:65535`, `${b},tcp:0`],
    'hash:ip,port,ip': [`${a},tcp:80,${a}`, `${a},udp:80,${b}`, `${b},sctp:80,${a}`],
    'hash:ip,port,net': [`${a},tcp:80,${net}`, `${a},tcp:80,${b}`, `${a},sctp:53,${net}`],
    'bitmap:port': ['0', '80', '65535'],
  };
  return ofType[type];
}

/** @param openKernel one without any set */
export function describeIpSets(title: string, openKernel: () => IpSetClient): void {
  let client: IpSetClient;
  beforeEach(() => {
    client = openKernel();
  });

  /** Returns what was refused, with the number of the error. */
  async function apply(...edits: readonly SetEdit[]): Promise<readonly (readonly [SetEdit, number])[]> {
    const refusals = await client.apply(edits, signal);
    return refusals.map(({ edit, error }) => [edit, error.errno ?? 0]);
  }

  async function observe(name: string): Promise<readonly SetEntry[] | undefined> {
    const set = (await client.observe([name], signal)).get(name);
    return set && [...set.entries].sort();
  }

  describe.each(IP_FAMILIES)(`IP sets of ${title}, %s`, (family) => {
    describe.each(TYPES)('%s', (type) => {
      const shape = shapeOf(type, family);
      const entries = entriesOf(type, family);

      it('gives back what it was given', async () => {
        expect(await apply({ change: 'create', shape }, { change: 'add', shape, entries })).toEqual([]);
        expect(await client.observe(['suite', 'nowhere'], signal)).toEqual(
          new Map([['suite', { shape, entries: new Set(entries) }]]),
        );
        expect(await client.observeSizes(signal)).toEqual(new Map([['suite', entries.length]]));
      });

      it('takes what is there already, and takes away what is not there', async () => {
        const [first = '', ...others] = entries;
        const create: SetEdit = { change: 'create', shape };
        expect(
          await apply(
            create,
            create,
            { change: 'add', shape, entries: [first] },
            { change: 'add', shape, entries: [...entries, first] },
            { change: 'remove', shape, entries: others },
            { change: 'remove', shape, entries: others },
            create,
          ),
        ).toEqual([]);
        expect(await observe('suite')).toEqual([first]);
      });

      it('holds many', async () => {
        const many = Array.from({ length: 5_000 }, (_, index) => manyOf(type, family, index));
        await apply({ change: 'create', shape }, { change: 'add', shape, entries: many });
        expect(await observe('suite')).toEqual(many.toSorted());
        expect(await client.observeSizes(signal)).toEqual(new Map([['suite', many.length]]));
        await apply({ change: 'remove', shape, entries: many.slice(1) });
        expect(await observe('suite')).toEqual(many.slice(0, 1));
      });
    });

    const shape = shapeOf('hash:ip,port', family);
    const [one = '', two = '', three = '', four = ''] = entriesOf('hash:ip,port', family);
    const create: SetEdit = { change: 'create', shape };
    const add = (...entries: readonly SetEntry[]): SetEdit => ({ change: 'add', shape, entries });
    const remove = (...entries: readonly SetEntry[]): SetEdit => ({ change: 'remove', shape, entries });

    it('makes changes in their order', async () => {
      await apply(create, add(one, two), remove(one), add(three), remove(two, three), add(three, four));
      expect(await observe('suite')).toEqual([three, four].sort());
    });

    it('leaves a set as it is when it is created again, of another size too', async () => {
      await apply(create, add(one));
      expect(await apply({ change: 'create', shape: { ...shape, maxEntries: 10 } })).toEqual([]);
      expect((await client.observe(['suite'], signal)).get('suite')).toEqual({
        shape,
        entries: new Set([one]),
      });
    });

    it('refuses to create a set of another type, and then to fill it', async () => {
      await apply(create);
      const other = shapeOf('hash:ip', family);
      const creating: SetEdit = { change: 'create', shape: other };
      const filling: SetEdit = { change: 'add', shape: other, entries: entriesOf('hash:ip', family) };
      expect(await apply(creating, filling)).toEqual([
        [creating, EEXIST],
        [filling, IPSET_ERR.PROTOCOL],
      ]);
      expect(await observe('suite')).toEqual([]);
    });

    it('refuses to create a set of the other family', async () => {
      await apply(create);
      const creating: SetEdit = {
        change: 'create',
        shape: { ...shape, family: family === 'IPv4' ? 'IPv6' : 'IPv4' },
      };
      expect(await apply(creating)).toEqual([[creating, EEXIST]]);
    });

    it('takes names of 31 characters and no longer ones', async () => {
      const longest: SetEdit = { change: 'create', shape: { ...shape, name: 'x'.repeat(31) } };
      const longer: SetEdit = { change: 'create', shape: { ...shape, name: 'x'.repeat(32) } };
      expect(await apply(longest, longer)).toEqual([[longer, EINVAL]]);
    });

    it('refuses entries of a set that is not there, and makes the other changes', async () => {
      const nowhere: SetEdit = { change: 'add', shape: { ...shape, name: 'nowhere' }, entries: [one, two] };
      expect(await apply(create, nowhere, add(one))).toEqual([[nowhere, ENOENT]]);
      expect(await observe('suite')).toEqual([one]);
    });

    it('refuses what is too much, entry by entry', async () => {
      const small = { ...shape, maxEntries: 2 };
      await apply({ change: 'create', shape: small }, add(one));
      expect(await apply(add(two, three, one, four))).toEqual([[add(three, four), IPSET_ERR.HASH_FULL]]);
      expect(await observe('suite')).toEqual([one, two].sort());
      await apply(remove(one));
      expect(await apply(add(three))).toEqual([]);
    });

    it('refuses entries of the other family', async () => {
      const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
      const entries = entriesOf('hash:ip,port', other);
      const adding: SetEdit = { change: 'add', shape: { ...shape, family: other }, entries };
      expect(await apply(create, adding)).toEqual([[adding, IPSET_ERR.PROTOCOL]]);
    });

    it('refuses entries of which the set needs more', async () => {
      const entries = entriesOf('hash:ip', family);
      const adding: SetEdit = { change: 'add', shape: shapeOf('hash:ip', family), entries };
      expect(await apply(create, adding)).toEqual([[adding, IPSET_ERR.PROTOCOL]]);
    });

    it.each<[string, SetType, SetEntry, number]>([
      ['an address of zeros', 'hash:ip', zeros(family), IPSET_ERR.HASH_ELEM],
      ['a network of everything', 'hash:ip,port,net', `${one},${zeros(family)}/0`, IPSET_ERR.INVALID_CIDR],
    ])('refuses %s', async (_, type, entry, errno) => {
      const of = shapeOf(type, family);
      const adding: SetEdit = { change: 'add', shape: of, entries: [entry] };
      expect(await apply({ change: 'create', shape: of }, adding)).toEqual([[adding, errno]]);
    });

    it('takes from a network the bits beyond its length', async () => {
      const of = shapeOf('hash:ip,port,net', family);
      const [written, kept] =
        family === 'IPv4' ? ['10.1.2.3/9', '10.0.0.0/9'] : ['fd00::1:2/127', 'fd00::1:2/127'];
      await apply(
        { change: 'create', shape: of },
        { change: 'add', shape: of, entries: [`${one},${written}`] },
      );
      expect(await observe('suite')).toEqual([`${one},${kept}`]);
    });

    it('keeps a network and what it is an exception from apart', async () => {
      const of = shapeOf('hash:ip,port,net', family);
      const [net = ''] = entriesOf('hash:ip,port,net', family);
      await apply({ change: 'create', shape: of }, { change: 'add', shape: of, entries: [`${net} nomatch`] });
      expect(await observe('suite')).toEqual([`${net} nomatch`]);
      await apply({ change: 'remove', shape: of, entries: [`${net} nomatch`] });
      expect(await observe('suite')).toEqual([]);
    });

    it('swaps sets with their entries', async () => {
      const other = { ...shape, name: 'other', maxEntries: 10 };
      await apply(create, { change: 'create', shape: other }, add(one), {
        change: 'add',
        shape: other,
        entries: [two, three],
      });
      expect(await apply({ change: 'swap', name: 'suite', other: 'other' })).toEqual([]);
      expect(await client.observe(['suite', 'other'], signal)).toEqual(
        new Map([
          ['suite', { shape: { ...shape, maxEntries: 10 }, entries: new Set([two, three]) }],
          ['other', { shape: { ...shape, name: 'other' }, entries: new Set([one]) }],
        ]),
      );
    });

    it('swaps only sets that there are, of one type', async () => {
      const other = { ...shapeOf('hash:ip', family), name: 'other' };
      await apply(create, { change: 'create', shape: other });
      const swap = (name: string, other: string): SetEdit => ({ change: 'swap', name, other });
      const swaps = [swap('nowhere', 'suite'), swap('suite', 'nowhere'), swap('suite', 'other')];
      expect(await apply(...swaps)).toEqual([
        [swaps[0], ENOENT],
        [swaps[1], IPSET_ERR.EXIST_SETNAME2],
        [swaps[2], IPSET_ERR.TYPE_MISMATCH],
      ]);
    });

    it('destroys a set with its entries, and does not mind when there is none', async () => {
      const destroy: SetEdit = { change: 'destroy', name: 'suite' };
      expect(await apply(create, add(one), destroy, destroy)).toEqual([]);
      expect(await observe('suite')).toBeUndefined();
      expect(await client.observeSizes(signal)).toEqual(new Map());
    });

    it('never gets to hear of what is no entry', async () => {
      await apply(create);
      await expect(apply(add(one, 'here'))).rejects.toThrow('BUG: here is no entry');
    });

    it('does nothing when the signal has fired', async () => {
      await expect(client.apply([create], AbortSignal.abort('enough'))).rejects.toBe('enough');
      await expect(client.observe(['suite'], AbortSignal.abort('enough'))).rejects.toBe('enough');
      expect(await observe('suite')).toBeUndefined();
    });
  });
}

function zeros(family: IpFamily): string {
  return family === 'IPv4' ? '0.0.0.0' : '::';
}

function manyOf(type: SetType, family: IpFamily, index: number): SetEntry {
  const ip = family === 'IPv4' ? `10.1.${index >> 8}.${index & 0xff}` : `fd00:1::${(index + 1).toString(16)}`;
  const ofType: Readonly<Record<SetType, SetEntry>> = {
    'hash:ip': ip,
    'hash:ip,port': `${ip},tcp:80`,
    'hash:ip,port,ip': `${ip},udp:53,${ip}`,
    'hash:ip,port,net': `${ip},sctp:1,${ip}`,
    'bitmap:port': `${index + 1}`,
  };
  return ofType[type];
}
