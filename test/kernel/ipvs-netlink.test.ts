/** Our view of the kernel's IPVS and that of its own tool, ipvsadm. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { formatHostPort, IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { createNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import {
  type Counters,
  type Destination,
  type Frontend,
  formatFrontend,
  type Ipvs,
  type IpvsEdit,
  observeIpvsSupport,
  openIpvsClient,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ipvsadm, openEmptyIpvs, run } from './ipvs-kernel.ts';

const signal = new AbortController().signal;
const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 80 };
const WEB_6: Frontend = { family: 'IPv6', protocol: 'TCP', ip: 'fd00:96::1', port: 80 };
const MARK: Frontend = { family: 'IPv4', mark: 7 };
const MARK_6: Frontend = { family: 'IPv6', mark: 7 };
const POD: Destination = { ip: '10.180.0.2', port: 8080, weight: 1, forwarding: 'masquerade' };
const POD_6: Destination = { ...POD, ip: 'fd00:180::2' };

let ipvs: Ipvs;
beforeEach(() => {
  ipvs = openEmptyIpvs();
});

function serverOf(frontend: Frontend, more: Partial<VirtualServer> = {}): VirtualServer {
  return { frontend, scheduler: 'rr', flags: 0, timeoutSeconds: 0, ...more };
}

function add(frontend: Frontend, more?: Partial<VirtualServer>): IpvsEdit {
  return { change: 'add-server', server: serverOf(frontend, more) };
}

function lead(frontend: Frontend, destination: Destination): IpvsEdit {
  return { change: 'add-destination', frontend, destination };
}

async function apply(...edits: readonly IpvsEdit[]): Promise<void> {
  expect(await ipvs.apply(edits, signal)).toEqual([]);
}

it('is supported here', () => {
  expect(observeIpvsSupport()).toBeUndefined();
});

it('is listed by the example of the package', async () => {
  await apply(add(WEB), { change: 'add-destination', frontend: WEB, destination: POD });
  const example = new URL('../../packages/netlink/examples/ipvs.ts', import.meta.url);
  expect(run(process.execPath, example.pathname)).toBe(
    'TCP 10.96.0.1:80 rr\n  10.180.0.2:8080 weight 1, masquerade\n',
  );
});

describe('ipvsadm sees', () => {
  it.each<[string, readonly IpvsEdit[], readonly string[]]>([
    ['a virtual server', [add(WEB)], ['-A -t 10.96.0.1:80 -s rr']],
    ['one of IPv6', [add(WEB_6, { scheduler: 'lc' })], ['-A -t [fd00:96::1]:80 -s lc']],
    ['one of UDP', [add({ ...WEB, protocol: 'UDP' })], ['-A -u 10.96.0.1:80 -s rr']],
    ['one of SCTP', [add({ ...WEB, protocol: 'SCTP' })], ['-A --sctp-service 10.96.0.1:80 -s rr']],
    ['one for marked packets', [add(MARK)], ['-A -f 7 -s rr']],
    ['one for marked packets of IPv6', [add(MARK_6)], ['-A -f 7 -6 -s rr']],
    [
      'one whose clients stay',
      [add(WEB, { flags: 1, timeoutSeconds: 10_800 })],
      ['-A -t 10.96.0.1:80 -s rr -p 10800'],
    ],
    [
      'one of IPv6 whose clients stay',
      [add(WEB_6, { flags: 1, timeoutSeconds: 60 })],
      ['-A -t [fd00:96::1]:80 -s rr -p 60'],
    ],
    ['one that schedules each packet', [add(WEB, { flags: 4 })], ['-A -t 10.96.0.1:80 -s rr -o']],
    [
      'flags of its scheduler',
      [add(WEB, { scheduler: 'mh', flags: 0x18 })],
      ['-A -t 10.96.0.1:80 -s mh -b mh-fallback,mh-port'],
    ],
    [
      'one flag of its scheduler',
      [add(WEB, { scheduler: 'sh', flags: 0x10 })],
      ['-A -t 10.96.0.1:80 -s sh -b sh-port'],
    ],
    [
      'flags and timeout that are gone',
      [
        add(WEB, { scheduler: 'mh', flags: 0x11, timeoutSeconds: 60 }),
        { change: 'set-server', server: serverOf(WEB) },
      ],
      ['-A -t 10.96.0.1:80 -s rr'],
    ],
    [
      'destinations',
      [
        add(WEB),
        lead(WEB, { ...POD, weight: 65535 }),
        lead(WEB, { ...POD, port: 81, forwarding: 'direct', weight: 0 }),
        lead(WEB, { ...POD, port: 82, forwarding: 'tunnel' }),
      ],
      [
        '-A -t 10.96.0.1:80 -s rr',
        '-a -t 10.96.0.1:80 -r 10.180.0.2:8080 -m -w 65535',
        '-a -t 10.96.0.1:80 -r 10.180.0.2:81 -g -w 0',
        '-a -t 10.96.0.1:80 -r 10.180.0.2:82 -i -w 1 --tun-type ipip',
      ],
    ],
    [
      'destinations of IPv6',
      [add(WEB_6), lead(WEB_6, POD_6), add(MARK_6), lead(MARK_6, { ...POD_6, port: 0, weight: 2 })],
      [
        '-A -f 7 -6 -s rr',
        '-a -f 7 -6 -r [fd00:180::2]:0 -m -w 2',
        '-A -t [fd00:96::1]:80 -s rr',
        '-a -t [fd00:96::1]:80 -r [fd00:180::2]:8080 -m -w 1',
      ],
    ],
    [
      'what is left',
      [
        add(WEB),
        add(MARK),
        lead(WEB, POD),
        lead(WEB, { ...POD, port: 81 }),
        lead(MARK, POD),
        { change: 'remove-destination', frontend: WEB, destination: POD },
        { change: 'remove-server', frontend: MARK },
      ],
      ['-A -t 10.96.0.1:80 -s rr', '-a -t 10.96.0.1:80 -r 10.180.0.2:81 -m -w 1'],
    ],
  ])('%s', async (_, edits, lines) => {
    await apply(...edits);
    expect(ipvsadm('-Sn').toSorted()).toEqual(lines.toSorted());
  });

  it('no limits of connections any more where we changed a destination', async () => {
    ipvsadm('-A', '-t', '10.96.0.1:80', '-s', 'rr');
    ipvsadm('-a', '-t', '10.96.0.1:80', '-r', '10.180.0.2:8080', '-m', '-x', '10', '-y', '5');
    await apply({ change: 'set-destination', frontend: WEB, destination: { ...POD, weight: 9 } });
    expect(ipvsadm('-Sn')).toContain('-a -t 10.96.0.1:80 -r 10.180.0.2:8080 -m -w 9');
  });
});

describe('what ipvsadm made', () => {
  it.each<[string, VirtualServer]>([
    ['-A -t 10.96.0.1:80 -s wrr', serverOf(WEB, { scheduler: 'wrr' })],
    ['-A -t 10.96.0.1:80 -s rr -p 77 -M 255.255.255.0', serverOf(WEB, { flags: 1, timeoutSeconds: 77 })],
    ['-A -u 10.96.0.1:53 -s rr -o', serverOf({ ...WEB, protocol: 'UDP', port: 53 }, { flags: 4 })],
    ['-A -f 7 -s sh -b sh-fallback', serverOf(MARK, { scheduler: 'sh', flags: 8 })],
    ['-A -f 7 -6 -s rr -b flag-3', serverOf(MARK_6, { flags: 0x20 })],
    ['-A -t [fd00:96::1]:80 -s rr -p 60 -M 64', serverOf(WEB_6, { flags: 1, timeoutSeconds: 60 })],
    ['-A -t 10.96.0.1:0 -s rr -p 60', serverOf({ ...WEB, port: 0 }, { flags: 1, timeoutSeconds: 60 })],
  ])('is read: %s', async (command, server) => {
    ipvsadm(...command.split(' '));
    expect(await ipvs.observeServers(server.frontend.family, signal)).toEqual([server]);
  });

  // To anything but a masqueraded destination ipvsadm gives the port of the virtual server.
  it.each<[string, Frontend, Partial<Destination>]>([
    ['-r 10.180.0.2:80 -m -w 5 -x 10 -y 5', WEB, { weight: 5 }],
    ['-r 10.180.0.2:80 -g -w 0', WEB, { forwarding: 'direct', weight: 0 }],
    ['-r 10.180.0.2:80 -i --tun-type gre', WEB, { forwarding: 'tunnel' }],
    ['-r [fd00:180::2]:80 -i', WEB, { forwarding: 'tunnel', ip: POD_6.ip }],
    ['-r [fd00:180::2]:80 -m', WEB_6, { ip: POD_6.ip }],
    ['-r 10.180.0.2:80 -i', WEB_6, { forwarding: 'tunnel' }],
  ])('is read: %s', async (options, frontend, destination) => {
    await apply(add(frontend));
    ipvsadm('-a', ...formatFrontend(frontend).replace('TCP', '-t').split(' '), ...options.split(' '));
    expect(await ipvs.observeDestinations(frontend, signal)).toMatchObject([
      { ...POD, port: 80, ...destination },
    ]);
  });
});

describe('among thousands', () => {
  const frontends = Array.from(
    { length: 1_000 },
    (_, index): Frontend => ({
      family: 'IPv4',
      protocol: 'TCP',
      ip: `10.96.${index >> 8}.${index & 255}`,
      port: 80,
    }),
  );
  const pods = [1, 2, 3].map((number): Destination => ({ ...POD, ip: `10.180.0.${number}` }));

  it('both see the same', async () => {
    await apply(...frontends.flatMap((each) => [add(each), ...pods.map((pod) => lead(each, pod))]));
    const seen: string[] = [];
    for (const { frontend, scheduler } of await ipvs.observeServers('IPv4', signal)) {
      const server = formatFrontend(frontend).replace('TCP', '-t');
      seen.push(`-A ${server} -s ${scheduler}`);
      for (const { ip, port, weight } of await ipvs.observeDestinations(frontend, signal)) {
        seen.push(`-a ${server} -r ${formatHostPort(ip, port)} -m -w ${weight}`);
      }
    }
    expect(seen).toHaveLength(frontends.length * (1 + pods.length));
    // The tool is confused when the kernel makes its table of virtual servers larger meanwhile.
    await expect.poll(() => ipvsadm('-Sn').toSorted()).toEqual(seen.toSorted());
  });

  it('they are read whole while the kernel makes room for them', async () => {
    for (let end = 100; end <= frontends.length; end += 100) {
      await apply(...frontends.slice(end - 100, end).map((each) => add(each)));
      const servers = await ipvs.observeServers('IPv4', signal);
      expect(new Set(servers.map((server) => formatFrontend(server.frontend))).size).toBe(end);
    }
  });
});

it('belongs to the namespace where it was opened', async () => {
  using other = createNamespace();
  using elsewhere = withNamespace(other, openIpvsClient);
  expect(await elsewhere.apply([add(WEB)], signal)).toEqual([]);
  expect(await ipvs.observeServers('IPv4', signal)).toEqual([]);
  expect(withNamespace(other, () => ipvsadm('-Sn'))).toEqual(['-A -t 10.96.0.1:80 -s rr']);
});

describe('of all of IPVS', () => {
  const timeouts = () => ipvsadm('-L', '--timeout');

  it('both see the same timeouts', () => {
    expect(timeouts()).toEqual(['Timeout (tcp tcpfin udp): 900 120 300']);
    ipvs.applyTimeouts({ tcpSeconds: 1, tcpFinSeconds: 2, udpSeconds: 3 });
    expect(timeouts()).toEqual(['Timeout (tcp tcpfin udp): 1 2 3']);
    ipvsadm('--set', '50', '0', '7');
    expect(ipvs.observeTimeouts()).toEqual({ tcpSeconds: 50, tcpFinSeconds: 2, udpSeconds: 7 });
  });

  it('both see the same version and size', async () => {
    await apply(add(WEB));
    const { version, connectionTableSize } = ipvs.observeInfo();
    expect(ipvsadm('-Ln')[0]).toBe(`IP Virtual Server version ${version} (size=${connectionTableSize})`);
  });

  it('both see the same daemons', async () => {
    ipvsadm('--start-daemon', 'master', '--mcast-interface', 'lo', '--syncid', '7');
    expect(await ipvs.observeDaemons(signal)).toEqual([{ state: 'master', interface: 'lo', syncId: 7 }]);
    ipvsadm('--start-daemon', 'backup', '--mcast-interface', 'lo', '--syncid', '200');
    expect(await ipvs.observeDaemons(signal)).toEqual([
      { state: 'master', interface: 'lo', syncId: 7 },
      { state: 'backup', interface: 'lo', syncId: 200 },
    ]);
    for (const kind of ['master', 'backup']) ipvsadm('--stop-daemon', kind);
    expect(await ipvs.observeDaemons(signal)).toEqual([]);
  });
});

describe.each(IP_FAMILIES)('with traffic of %s', (family) => {
  const [vip, local] = family === 'IPv4' ? ['127.0.0.9', '127.0.0.1'] : ['fd00:96::1', '::1'];
  const stats = () => countersOf(ipvsadm('-Ln', '--stats', '--exact'));

  beforeEach(() => {
    run('sysctl', '-q', '-w', 'net.ipv4.vs.conntrack=1');
    if (family === 'IPv6') run('ip', 'address', 'add', `${vip}/128`, 'dev', 'lo', 'nodad');
  });

  it('both count the same', async () => {
    const web: Frontend = { family, protocol: 'TCP', ip: vip, port: 80 };
    const dns: Frontend = { family, protocol: 'UDP', ip: vip, port: 53 };
    const pod = { ...POD, ip: local, port: await serveHello(local) };
    const other = { ...POD, ip: local, port: 5353 };
    await apply(add(web), lead(web, pod), add(dns), lead(dns, other));
    for (let count = 0; count < 3; count++) await once((await talk(vip, 80)).end(), 'close');
    await sendDatagram(vip, 53);

    // The kernel adds up what its processors have counted every two seconds.
    await eventually(async () => {
      const servers = await ipvs.observeServerCounters(family, signal);
      expect(servers.get(formatFrontend(web))).toMatchObject({ connections: 3n });
      expect(servers.get(formatFrontend(dns))).toMatchObject({ connections: 1n, packetsIn: 1n });
      const ofWeb = await ipvs.observeDestinationCounters(web, signal);
      const ofDns = await ipvs.observeDestinationCounters(dns, signal);
      expect(servers.get(formatFrontend(web))?.bytesIn).toBeGreaterThan(100n);
      expect(stats()).toEqual(new Map([...servers, ...ofWeb, ...ofDns]));
    });
  });

  it('both see the same connections, and a destination finds them again that was gone', async () => {
    const web: Frontend = { family, protocol: 'TCP', ip: vip, port: 80 };
    const pod = { ...POD, ip: local, port: await serveHello(local) };
    await apply(add(web, { flags: 1, timeoutSeconds: 60 }), lead(web, pod));
    const sockets = [await talk(vip, 80), await talk(vip, 80)];
    const [closed] = sockets;
    closed?.end();
    if (closed !== undefined) await once(closed, 'close');
    const open = { activeConnections: 1, inactiveConnections: 1, persistentConnections: 1 };
    await eventually(async () => {
      expect(await ipvs.observeDestinations(web, signal)).toEqual([{ ...pod, ...open }]);
    });
    const line = ipvsadm('-Ln', '--persistent-conn').find(
      (each) => each.startsWith('->') && /\d$/.test(each),
    );
    expect(line?.split(/\s+/).slice(2)).toEqual(['1', '1', '1', '1']);

    await apply({ change: 'set-destination', frontend: web, destination: { ...pod, weight: 0 } });
    expect(await ipvs.observeDestinations(web, signal)).toEqual([{ ...pod, weight: 0, ...open }]);
    await apply({ change: 'remove-destination', frontend: web, destination: pod });
    expect(await ipvs.observeDestinations(web, signal)).toEqual([]);
    await apply(lead(web, pod));
    expect(await ipvs.observeDestinations(web, signal)).toEqual([{ ...pod, ...open }]);
    for (const socket of sockets) socket.destroy();
  });
});

/** Lines of `ipvsadm -Ln --stats --exact`, by frontend or by `10.0.0.1:80`. */
function countersOf(lines: readonly string[]): ReadonlyMap<string, Counters> {
  const counters = lines.slice(3).map((line): readonly [string, Counters] => {
    const [kind = '', place = '', ...numbers] = line.split(/\s+/);
    const [connections = 0n, packetsIn = 0n, packetsOut = 0n, bytesIn = 0n, bytesOut = 0n] =
      numbers.map(BigInt);
    const name = kind === '->' ? place : `${kind} ${place}`;
    return [name, { connections, packetsIn, packetsOut, bytesIn, bytesOut }];
  });
  return new Map(counters);
}

/** Says hello to everybody, until the end of the test; returns the port. */
async function serveHello(ip: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('hello');
  });
  server.listen(0, ip);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A connection on which hello was said. */
async function talk(ip: string, port: number): Promise<Socket> {
  const socket = connect({ host: ip, port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'data');
  return socket;
}

async function sendDatagram(ip: string, port: number): Promise<void> {
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.send('hello', port, ip, (error) => (error === null ? resolve() : reject(error)));
  });
  socket.close();
}

async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await setTimeout(100);
    }
  }
}
