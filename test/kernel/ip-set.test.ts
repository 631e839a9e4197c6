/** The client of IP sets beside the ipset program: each sees what the other has done. */
import { spawnSync } from 'node:child_process';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import {
  IPSET_ERR,
  type KernelIpSets,
  openIpSetClient,
  type SetEdit,
  type SetShape,
  type SetType,
} from '@menwei/netlink/ipset';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const signal = new AbortController().signal;
let client: KernelIpSets;

beforeEach(() => {
  // Faster than to take away what is in the old one.
  unshare(CLONE_NEWNET);
  client = openIpSetClient();
});
afterEach(() => client[Symbol.dispose]());

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function ipset(line: string): string {
  return run('ipset', ...line.split(' '));
}

/** What ipset would need to make the set anew, its entries sorted. */
function save(name: string): readonly string[] {
  const [create = '', ...entries] = ipset(`save ${name}`).trimEnd().split('\n');
  return [create, ...entries.sort()];
}

const IPV4_HASH = 'family inet hashsize 1024 maxelem 1000';
const IPV6_HASH = 'family inet6 hashsize 1024 maxelem 1000';

interface Case {
  readonly type: SetType;
  readonly family: SetShape['family'];
  readonly options: string;
  readonly entries: readonly string[];
}

const CASES: readonly Case[] = [
  { type: 'hash:ip', family: 'IPv4', options: IPV4_HASH, entries: ['10.0.0.1', '255.255.255.255'] },
  { type: 'hash:ip', family: 'IPv6', options: IPV6_HASH, entries: ['2001:db8::', 'fd00::1:0:0:1'] },
  {
    type: 'hash:ip,port',
    family: 'IPv4',
    options: IPV4_HASH,
    entries: ['10.0.0.1,sctp:80', '10.0.0.1,tcp:65535', '10.0.0.1,udp:0', '10.0.0.1,udplite:7'],
  },
  {
    type: 'hash:ip,port',
    family: 'IPv6',
    options: IPV6_HASH,
    entries: ['fd00::1,sctp:80', 'fd00::1,tcp:80'],
  },
  { type: 'hash:ip,port,ip', family: 'IPv4', options: IPV4_HASH, entries: ['10.0.0.1,tcp:80,10.0.0.2'] },
  { type: 'hash:ip,port,ip', family: 'IPv6', options: IPV6_HASH, entries: ['fd00::1,udp:53,fd00::2'] },
  {
    type: 'hash:ip,port,net',
    family: 'IPv4',
    options: IPV4_HASH,
    entries: [
      '10.0.0.1,tcp:80,10.0.0.2',
      '10.0.0.1,tcp:80,128.0.0.0/1',
      '10.0.0.1,tcp:80,192.168.0.0/31',
      '10.0.0.1,tcp:80,192.168.7.0/24 nomatch',
    ],
  },
  {
    type: 'hash:ip,port,net',
    family: 'IPv6',
    options: IPV6_HASH,
    entries: ['fd00::1,tcp:80,8000::/1', 'fd00::1,tcp:80,fd00::/127', 'fd00::1,tcp:80,fd00::2'],
  },
  { type: 'bitmap:port', family: 'IPv4', options: 'range 0-65535', entries: ['0', '30080', '65535'] },
];

describe.each(CASES)('a set of type $type ($family)', ({ type, family, options, entries }) => {
  const name = 'suite';
  const shape: SetShape = { name, type, family, maxEntries: type === 'bitmap:port' ? 65_536 : 1000 };
  const saved = [`create ${name} ${type} ${options}`, ...entries.map((entry) => `add ${name} ${entry}`)];

  it('is for ipset what it is for us', async () => {
    expect(
      await client.apply(
        [
          { change: 'create', shape },
          { change: 'add', shape, entries },
        ],
        signal,
      ),
    ).toEqual([]);
    expect(save(name).map((line) => line.replace(/ bucketsize.*/, ''))).toEqual(saved);
    expect(await client.apply([{ change: 'remove', shape, entries }], signal)).toEqual([]);
    expect(save(name)).toHaveLength(1);
  });

  it('is for us what it is for ipset', async () => {
    for (const line of saved) ipset(line);
    expect(await client.observe([name], signal)).toEqual(
      new Map([[name, { shape, entries: new Set(entries) }]]),
    );
    expect(await client.apply([{ change: 'create', shape }], signal)).toEqual([]);
  });

  it('is read whatever else ipset keeps of its entries', async () => {
    const [create = '', ...others] = saved;
    ipset(`${create} timeout 600 counters comment${type === 'bitmap:port' ? '' : ' skbinfo forceadd'}`);
    for (const line of others) ipset(`${line} timeout 60 packets 3 bytes 4 comment something`);
    expect((await client.observe([name], signal)).get(name)).toEqual({ shape, entries: new Set(entries) });
    expect(await client.apply([{ change: 'remove', shape, entries }], signal)).toEqual([]);
    expect(await client.observeSizes(signal)).toEqual(new Map([[name, 0]]));
  });
});

describe('a set of somebody else', () => {
  it('is counted, whatever its type', async () => {
    ipset('create nets hash:net');
    ipset('add nets 10.0.0.0/8');
    ipset('create ips bitmap:ip range 10.0.0.0/24');
    for (const entry of ['10.0.0.1', '10.0.0.2']) ipset(`add ips ${entry}`);
    ipset('create sets list:set');
    ipset('add sets nets');
    ipset('create timed hash:ip timeout 600');
    ipset('add timed 10.0.0.1');
    const sizes = { nets: 1, ips: 2, sets: 1, timed: 1 };
    expect(await client.observeSizes(signal)).toEqual(new Map(Object.entries(sizes)));
  });

  it('is not read if its type is not known', async () => {
    ipset('create nets hash:net');
    await expect(client.observe(['nets'], signal)).rejects.toMatchObject({
      name: 'KernelError',
      message: 'observe set nets: it is of type hash:net (IPv4), which is not known here',
    });
  });

  it('is in the way of another of its name', async () => {
    ipset('create suite hash:net');
    const shape: SetShape = { name: 'suite', type: 'hash:ip', family: 'IPv6', maxEntries: 10 };
    const [refusal] = await client.apply([{ change: 'create', shape }], signal);
    expect(refusal?.error.message).toBe(
      'create set suite: there is one of this name, of type hash:net (IPv4) instead of hash:ip (IPv6)',
    );
  });
});

describe.each(IP_FAMILIES)('a set that a rule looks into (%s)', (family) => {
  const shape: SetShape = { name: 'suite', type: 'hash:ip', family, maxEntries: 10 };
  const iptables = family === 'IPv4' ? 'iptables' : 'ip6tables';

  it('is filled and swapped, but not destroyed', async () => {
    const other = { ...shape, name: 'other' };
    await client.apply(
      [
        { change: 'create', shape },
        { change: 'create', shape: other },
      ],
      signal,
    );
    run(iptables, '-A', 'INPUT', '-m', 'set', '--match-set', 'suite', 'dst', '-j', 'DROP');
    const entries = [family === 'IPv4' ? '10.0.0.1' : 'fd00::1'];
    const destroy: SetEdit = { change: 'destroy', name: 'suite' };
    const edits: readonly SetEdit[] = [
      { change: 'add', shape, entries },
      { change: 'swap', name: 'suite', other: 'other' },
      destroy,
    ];
    const refusals = await client.apply(edits, signal);
    expect(refusals.map(({ edit, error }) => [edit, error.errno, error.message])).toEqual([
      [destroy, IPSET_ERR.BUSY, 'destroy set suite: the set is in use (IPSET_ERR_BUSY)'],
    ]);
    expect((await client.observe(['other'], signal)).get('other')?.entries).toEqual(new Set(entries));
    run(iptables, '-F', 'INPUT');
    expect(await client.apply([destroy], signal)).toEqual([]);
  });
});

describe('a large set', () => {
  const shape: SetShape = { name: 'suite', type: 'hash:ip,port', family: 'IPv4', maxEntries: 1_048_576 };
  const entries = Array.from({ length: 50_000 }, (_, index) => `10.96.${index >> 8}.${index & 0xff},tcp:80`);

  it('is filled, read while others change it, and emptied', async () => {
    await client.apply(
      [
        { change: 'create', shape },
        { change: 'add', shape, entries },
      ],
      signal,
    );
    expect((await client.observe(['suite'], signal)).get('suite')?.entries).toEqual(new Set(entries));
    using other = openIpSetClient();
    const more = entries.map((entry) => entry.replace('tcp', 'udp'));
    const [observed] = await Promise.all([
      client.observe(['suite'], signal),
      other.apply([{ change: 'add', shape, entries: more }], signal),
    ]);
    const seen = observed.get('suite')?.entries ?? new Set();
    expect(entries.filter((entry) => !seen.has(entry))).toEqual([]);
    await client.apply([{ change: 'remove', shape, entries: [...entries, ...more] }], signal);
    expect(await client.observeSizes(signal)).toEqual(new Map([['suite', 0]]));
  });

  it('takes of too many entries those there is room for', async () => {
    const small = { ...shape, maxEntries: 30_000 };
    const edits: readonly SetEdit[] = [
      { change: 'create', shape: small },
      { change: 'add', shape: small, entries },
    ];
    const [refusal, ...others] = await client.apply(edits, signal);
    expect(others).toEqual([]);
    const taken = (await client.observe(['suite'], signal)).get('suite')?.entries ?? new Set();
    // The kernel counts in several parts of a large set, and is not exact then.
    expect(taken.size).toBeGreaterThanOrEqual(30_000);
    expect(taken.size).toBeLessThan(31_000);
    const refused = entries.filter((entry) => !taken.has(entry));
    expect(refusal?.edit).toEqual({ change: 'add', shape: small, entries: refused });
    const message = `add ${refused[0]} and ${refused.length - 1} more to set suite: the set is full (IPSET_ERR_HASH_FULL)`;
    expect(refusal?.error).toMatchObject({ errno: IPSET_ERR.HASH_FULL, message });
  });
});
