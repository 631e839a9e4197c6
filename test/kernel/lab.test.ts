/** The lab itself: what the behaviour tests take for granted. */

import type { LabHost, LongLivedConnection } from '@menwei/lab/host.ts';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    nodes: [
      {
        name: 'one',
        ip: '192.168.49.2',
        ip6: 'fd00:49::2',
        podCIDR: '10.244.0.0/24',
        podCIDR6: 'fd00:10:244::/64',
      },
      {
        name: 'two',
        ip: '192.168.49.3',
        ip6: 'fd00:49::3',
        podCIDR: '10.244.1.0/24',
        podCIDR6: 'fd00:10:244:1::/64',
      },
    ],
    pods: [
      { name: 'a', node: 'one', ip: '10.244.0.27', ip6: 'fd00:10:244::27', ports: [80, 81] },
      { name: 'b', node: 'two', ip: '10.244.1.2', ip6: 'fd00:10:244:1::2' },
      { name: 'host-a', node: 'one', hostNetwork: true, ports: [8080] },
    ],
    client: {
      ip: '192.168.49.100',
      ip6: 'fd00:49::100',
      moreAddresses: ['203.0.113.7', 'fd00:113::7'],
    },
  });
});

afterAll(() => lab.close());

function host(name: string): LabHost {
  const found = lab.hosts.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`BUG: no host ${name}`);
  return found;
}

async function openConnection(from: string, target: string): Promise<LongLivedConnection> {
  const connection = await host(from).open(target);
  if (isFailure(connection)) throw new Error(connection.detail);
  return connection;
}

describe.each(['http', 'udp'] as const)('over %s', (protocol) => {
  it.each([
    ['b', '10.244.0.27:80', 'a', '10.244.1.2'],
    ['b', '[fd00:10:244::27]:80', 'a', 'fd00:10:244:1::2'],
    ['a', '10.244.1.2:80', 'b', '10.244.0.27'],
    ['a', '[fd00:10:244:1::2]:80', 'b', 'fd00:10:244::27'],
    ['a', '10.244.0.27:81', 'a', '10.244.0.27'],
    ['one', '10.244.0.27:80', 'a', '192.168.49.2'],
    ['two', '10.244.0.27:80', 'a', '192.168.49.3'],
    ['two', '[fd00:10:244::27]:80', 'a', 'fd00:49::3'],
    ['client', '192.168.49.2:8080', 'host-a', '192.168.49.100'],
    ['client', '[fd00:49::2]:8080', 'host-a', 'fd00:49::100'],
    ['b', '192.168.49.2:8080', 'host-a', '10.244.1.2'],
  ])('%s reaches %s, which is %s and sees %s', async (from, target, pod, client) => {
    expect(await host(from)[protocol](target)).toMatchObject({ pod, client, status: 200 });
  });

  it('sends from the address and port it is told', async () => {
    for (const from of ['203.0.113.7', 'fd00:113::7']) {
      const target = from.includes(':') ? '[fd00:49::2]:8080' : '192.168.49.2:8080';
      for (const round of ['first', 'again']) {
        const outcome = await lab.client[protocol](target, { from, sourcePort: 5_555 });
        expect({ round, ...outcome }).toMatchObject({
          round,
          pod: 'host-a',
          client: from,
          clientPort: 5_555,
        });
      }
    }
  });

  it('is refused where nothing listens', async () => {
    expect(await host('b')[protocol]('10.244.0.27:999')).toMatchObject({ error: 'refused' });
  });

  it('knows a silent drop by its timeout', async () => {
    await lab.addPod({ name: 'mute', node: 'one', ip: '10.244.0.99' });
    await host('mute').exec('iptables', ['-A', 'INPUT', '-j', 'DROP']);
    await host('mute').exec('iptables', ['-A', 'OUTPUT', '-d', '10.244.1.2', '-j', 'DROP']);
    expect(await host('b')[protocol]('10.244.0.99:80', { timeoutMs: 200 })).toMatchObject({
      error: 'timeout',
    });
    expect(await host('mute')[protocol]('10.244.1.2:80', { timeoutMs: 200 })).toMatchObject({
      error: 'timeout',
    });
    await lab.removePod('mute');
  });

  it('counts 300 requests by pod and by client within two seconds', async () => {
    const tally = await host('b').requests(300, '10.244.0.27:80', { protocol });
    expect(tally).toMatchObject({
      total: 300,
      byPod: { a: 300 },
      byClient: { '10.244.1.2': 300 },
      failed: 0,
    });
    expect(tally.elapsedMs).toBeLessThan(2_000);
  });
});

describe('the outside client', () => {
  it.each(['10.244.0.27:80', '[fd00:10:244::27]:80', '10.96.0.1:80'])(
    'has no route to %s',
    async (target) => {
      expect(await lab.client.http(target)).toMatchObject({ error: 'unreachable' });
    },
  );

  it('reaches a virtual address once it is routed through a node', async () => {
    expect(await lab.client.http('198.51.100.7:8080')).toMatchObject({ error: 'unreachable' });
    await lab.node('one').exec('ip', ['addr', 'add', '198.51.100.7/32', 'dev', 'eth0']);
    lab.client.route('198.51.100.7', lab.node('one'));
    expect(await lab.client.http('198.51.100.7:8080')).toMatchObject({
      pod: 'host-a',
      client: '192.168.49.100',
    });
  });
});

it('answers at once that an address nobody has is unreachable', async () => {
  expect(await host('a').http('10.96.0.1:80')).toMatchObject({ error: 'unreachable' });
  expect(await lab.node('one').http('10.96.0.1:80')).toMatchObject({ error: 'unreachable' });
});

it('lets a node masquerade as its own address', async () => {
  const [veth] =
    (await lab.node('one').exec('ip', ['-o', 'route', 'get', '10.244.0.27'])).stdout.match(/veth\w+/) ?? [];
  expect(veth).toBeDefined();
  for (const [tool, address] of [
    ['iptables', '10.244.0.27:81'],
    ['ip6tables', '[fd00:10:244::27]:81'],
  ] as const) {
    await lab
      .node('one')
      .exec(tool, ['-t', 'nat', '-A', 'POSTROUTING', '-p', 'tcp', '--dport', '81', '-j', 'MASQUERADE']);
    expect(await host('b').http(address)).toMatchObject({
      pod: 'a',
      client: tool === 'iptables' ? '192.168.49.2' : 'fd00:49::2',
    });
    await lab.node('one').exec(tool, ['-t', 'nat', '-F']);
  }
});

describe('a long-lived connection', () => {
  it('echoes line by line and knows its other end', async () => {
    const connection = await openConnection('b', '10.244.0.27:80');
    expect(connection.answer).toMatchObject({ pod: 'a', client: '10.244.1.2' });
    expect(await connection.echo('one')).toBe('one');
    expect(await connection.echo('two')).toBe('two');
    expect(await connection.status()).toBe('open');
    await connection.close();
  });

  it('tells when the other side went away', async () => {
    await lab.addPod({ name: 'brief', node: 'two', ip: '10.244.1.77' });
    const connection = await openConnection('a', '10.244.1.77:80');
    await lab.pod('brief').stopServing();
    expect(await connection.echo('there?')).toMatchObject({ error: 'closed' });
    expect(await connection.status()).toBe('closed');
    await lab.pod('brief').startServing();
    expect(await host('a').http('10.244.1.77:80')).toMatchObject({ pod: 'brief' });
    await lab.removePod('brief');
    expect(await host('a').http('10.244.1.77:80')).toHaveProperty('error');
  });

  it('is a failure where nothing listens', async () => {
    expect(await host('b').open('10.244.0.27:999')).toMatchObject({ error: 'refused' });
  });
});

describe('programs', () => {
  it('run inside their host and report how they ended', async () => {
    const { stdout } = await host('a').exec('ip', ['-brief', 'address', 'show', 'eth0']);
    expect(stdout).toContain('10.244.0.27/32');
    expect(await host('a').exec('cat', [], { input: 'fed in' })).toMatchObject({
      status: 0,
      stdout: 'fed in',
    });
    expect(await host('a').exec('sh', ['-c', 'echo bad >&2; exit 3'])).toMatchObject({
      status: 3,
      stderr: 'bad\n',
    });
    expect(await host('a').exec('sleep', ['10'], { timeoutMs: 50 })).toMatchObject({ status: null });
  });

  it('keep running until they are stopped', async () => {
    const sleeper = host('a').spawn('sh', ['-c', 'echo ready; exec sleep 100']);
    await expect.poll(() => sleeper.output()).toBe('ready\n');
    expect(sleeper.isRunning).toBe(true);
    expect(await sleeper.stop()).toEqual({ status: null, signal: 'SIGTERM' });
    expect(sleeper.isRunning).toBe(false);
  });

  it('see and set the kernel settings of their host only', async () => {
    expect((await host('a').exec('cat', ['/proc/sys/net/ipv4/ip_forward'])).stdout).toBe('0\n');
    expect((await host('one').exec('cat', ['/proc/sys/net/ipv4/ip_forward'])).stdout).toBe('1\n');
  });
});
