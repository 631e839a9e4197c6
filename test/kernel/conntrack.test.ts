/** Finding and deleting conntrack entries in the kernel's own table. */
import { spawnSync } from 'node:child_process';
import { formatHostPort, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { createNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { NETLINK_NETFILTER, openNetlinkTransport, type TransportProtocol } from '@menwei/netlink';
import {
  type ConntrackAddress,
  type ConntrackEntry,
  type ConntrackFilter,
  ConntrackTable,
  type ConntrackTransport,
  type SourcedConntrackEntry,
} from '@menwei/netlink/conntrack';
import { createConntrackEntries } from '@menwei/netlink/testing';
import { beforeEach, describe, expect, it } from 'vitest';

const never = new AbortController().signal;
const all = () => true;

function conntrack(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('conntrack', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`conntrack ${args.join(' ')}: ${stderr}`);
  return stdout;
}

beforeEach(() => void conntrack('-F'));

const PLAN = {
  IPv4: { client: '10.0.0.', service: '172.30.0.', pod: '10.180.0.' },
  IPv6: { client: 'fd00:10::', service: 'fd00:30::', pod: 'fd00:180::' },
} as const;

/** Numbers to addresses of the family. */
function ends(family: IpFamily) {
  const { client, service, pod } = PLAN[family];
  const end =
    (prefix: string) =>
    (number: number, port: number): ConntrackAddress => ({ ip: `${prefix}${number}`, port });
  return { client: end(client), service: end(service), pod: end(pod) };
}

function format({ protocol, destination, replySource }: ConntrackEntry): string {
  const [to, by] = [destination, replySource].map(({ ip, port }) => formatHostPort(ip, port));
  return `${protocol} ${to} → ${by}`;
}

async function left(family: IpFamily): Promise<readonly string[]> {
  return (await new ConntrackTable(family).observe(never)).map(format).sort();
}

describe.each(IP_FAMILIES)('entries of %s', (family) => {
  const { client, service, pod } = ends(family);
  const entry = (
    protocol: TransportProtocol,
    destination: ConntrackAddress,
    replySource: ConntrackAddress,
    port = 1000,
  ): SourcedConntrackEntry => ({
    protocol,
    source: client(1, port),
    destination,
    replySource,
  });
  const table = new ConntrackTable(family);
  const dns = service(1, 53);
  const entries = {
    first: entry('UDP', dns, pod(1, 5353), 1001),
    second: entry('UDP', dns, pod(2, 5353), 1002),
    raw: entry('UDP', dns, dns, 1003),
    otherPort: entry('UDP', service(1, 54), pod(1, 5354), 1004),
    otherService: entry('UDP', service(2, 53), pod(1, 5353), 1005),
    tcp: entry('TCP', dns, pod(1, 5353), 1006),
    sctp: entry('SCTP', dns, pod(1, 5353), 1007),
  };
  type Name = keyof typeof entries;

  it.each<[string, ConntrackFilter, readonly Name[]]>([
    ['a protocol', { protocol: 'SCTP' }, ['sctp']],
    ['a destination', { protocol: 'UDP', destination: dns }, ['first', 'second', 'raw']],
    [
      'a port at any address',
      { protocol: 'UDP', destination: { port: 53 } },
      ['first', 'second', 'raw', 'otherService'],
    ],
    ['who answers', { protocol: 'UDP', replySource: pod(1, 5353) }, ['first', 'otherService']],
    [
      'a destination and who answers',
      { protocol: 'UDP', destination: dns, replySource: pod(1, 5353) },
      ['first'],
    ],
    ['what nobody uses', { protocol: 'UDP', destination: { port: 9 } }, []],
  ])('are found by %s, and deleted', async (_, filter, found) => {
    await createConntrackEntries(family, Object.values(entries));
    expect(await table.applyDeletion(filter, all, never)).toBe(found.length);
    const others = Object.entries(entries).filter(([name]) => !found.some((each) => each === name));
    expect(await left(family)).toEqual(others.map(([, each]) => format(each)).sort());
    expect(await table.applyDeletion(filter, all, never)).toBe(0);
  });

  it('are found by that nobody has answered them, whatever the kernel can filter', async () => {
    const waiting = [
      { ...entries.tcp, source: client(1, 2001), isUnreplied: true },
      { ...entries.tcp, source: client(1, 2002), replySource: pod(2, 5353), isUnreplied: true },
      { ...entries.first, source: client(1, 2003), isUnreplied: true },
    ];
    await createConntrackEntries(family, [...Object.values(entries), ...waiting]);
    const byPod: ConntrackFilter = { protocol: 'TCP', replySource: pod(1, 5353), isUnreplied: true };
    expect(await table.observe(never, byPod)).toEqual([waiting[0]]);
    expect(await table.applyDeletion(byPod, all, never)).toBe(1);
    expect(await table.applyDeletion({ protocol: 'TCP', isUnreplied: true }, all, never)).toBe(1);
    expect(await table.observe(never)).toHaveLength(Object.keys(entries).length + 1);
  });

  it('are deleted only if they are chosen', async () => {
    await createConntrackEntries(family, Object.values(entries));
    const isChosen = ({ replySource }: ConntrackEntry) => replySource.ip === pod(2, 0).ip;
    expect(await table.applyDeletion({ protocol: 'UDP', destination: dns }, isChosen, never)).toBe(1);
    expect(await left(family)).not.toContain(format(entries.second));
  });

  it('belong to one network namespace', async () => {
    await createConntrackEntries(family, [entries.first]);
    using other = createNamespace();
    const elsewhere = new ConntrackTable(family, () =>
      withNamespace(other, () => openNetlinkTransport(NETLINK_NETFILTER)),
    );
    expect(await elsewhere.applyDeletion({ protocol: 'UDP' }, all, never)).toBe(0);
    expect(await left(family)).toEqual([format(entries.first)]);
  });

  it('that go while they are looked at are not counted, and are no error', async () => {
    await createConntrackEntries(family, [entries.first, entries.second]);
    const isChosen = () => {
      conntrack('-F');
      return true;
    };
    expect(await table.applyDeletion({ protocol: 'UDP' }, isChosen, never)).toBe(0);
  });
});

describe('entries that somebody else has made', () => {
  const insert = (protocol: string, port: number, ...more: readonly string[]) =>
    conntrack(
      ...[
        '-I',
        '-p',
        protocol,
        '-s',
        '10.0.0.1',
        '-d',
        '172.30.0.1',
        '--sport',
        String(port),
        '--dport',
        '53',
      ],
      ...['-r', '10.180.0.1', '-q', '10.0.0.1', '--reply-port-src', '53', '--reply-port-dst', String(port)],
      ...['-t', '100', ...more],
    );
  const dns = { ip: '172.30.0.1', port: 53 };
  const table = new ConntrackTable('IPv4');

  it.each<[string, TransportProtocol, readonly string[]]>([
    ['of UDP', 'UDP', []],
    ['of SCTP', 'SCTP', ['--state', 'ESTABLISHED', '--orig-vtag', '1', '--reply-vtag', '2']],
    ['in a zone', 'UDP', ['-w', '7']],
    ['in a zone of one direction', 'UDP', ['--orig-zone', '8']],
  ])('%s', async (_, protocol, more) => {
    insert(protocol.toLowerCase(), 1000, ...more);
    insert(protocol.toLowerCase(), 1001, ...more);
    expect(await table.applyDeletion({ protocol, destination: dns }, all, never)).toBe(2);
    expect(conntrack('-L')).toBe('');
  });

  it('of two zones are told apart', async () => {
    insert('udp', 1000, '-w', '7');
    insert('udp', 1000, '-w', '8');
    expect(
      conntrack('-L')
        .match(/zone=\d/g)
        ?.sort(),
    ).toEqual(['zone=7', 'zone=8']);
    expect(await table.applyDeletion({ protocol: 'UDP', destination: dns }, all, never)).toBe(2);
    expect(conntrack('-L')).toBe('');
  });
});

describe('among 100,000 entries', () => {
  const { client, service, pod } = ends('IPv4');
  const COUNT = 100_000;
  const PODS = 100;

  it('few are read to find the few that are meant', async () => {
    const entries = Array.from(
      { length: COUNT },
      (_, index): SourcedConntrackEntry => ({
        protocol: 'UDP',
        source: client(1 + (index >> 10), 1024 + (index & 1023)),
        destination: service(1, 53),
        replySource: pod(index % PODS, 53),
      }),
    );
    await createConntrackEntries('IPv4', entries);
    let received = 0;
    const open = (): ConntrackTransport => {
      const socket = openNetlinkTransport(NETLINK_NETFILTER);
      const receiveAside = async () => {
        const datagram = await socket.receiveAside();
        received += datagram?.length ?? 0;
        return datagram;
      };
      return {
        portId: socket.portId,
        send: (bytes) => socket.send(bytes),
        sendAside: (bytes) => socket.sendAside(bytes),
        receive: () => socket.receive(),
        receiveAside,
        [Symbol.dispose]: () => socket[Symbol.dispose](),
      };
    };
    const filter: ConntrackFilter = { protocol: 'UDP', replySource: pod(7, 53) };
    const deleted = await new ConntrackTable('IPv4', open).applyDeletion(filter, all, never);
    expect(deleted).toBe(COUNT / PODS);
    expect(received).toBeLessThan(deleted * 300);
    expect(conntrack('-C').trim()).toBe(String(COUNT - deleted));
    const rest = { protocol: 'UDP', destination: service(1, 53) } as const;
    expect(await new ConntrackTable('IPv4', open).applyDeletion(rest, all, never)).toBe(COUNT - deleted);
    expect(conntrack('-C').trim()).toBe('0');
  });
});
