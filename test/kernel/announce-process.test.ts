/** A speaker in a process of its own: with the one capability that it needs, and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { AnnouncementState } from 'menwei/announce/speaker.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, Namespace } from './segment-namespaces.ts';

const SPEAKING = new URL('speaking-node.ts', import.meta.url).pathname;
const VIPS = '192.0.2.100,2001:db8::100';

let node: Namespace;
let client: Namespace;
let child: ChildProcess | undefined;
let states: readonly AnnouncementState[];
let errors: string;

beforeEach(() => {
  [node, client, child, states, errors] = [new Namespace(), new Namespace(), undefined, [], ''];
  connect(
    { at: node, name: 'eth0', mac: '02:00:00:00:00:01', linkLocal: 'fe80::1' },
    { at: client, name: 'eth0', mac: '02:00:00:00:00:aa', linkLocal: 'fe80::aa' },
  );
  client.ip('address', 'add', '192.0.2.2/24', 'dev', 'eth0');
});
afterEach(async () => {
  await stop('SIGKILL');
  for (const namespace of [node, client]) namespace[Symbol.dispose]();
});

async function start(...capabilities: readonly string[]): Promise<void> {
  const kept = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', SPEAKING, VIPS];
  const args = [`--bounding-set=${kept}`, `--inh-caps=${kept}`, ...command];
  const started = node.within(() => spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  child = started;
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface(started.stdout).on('line', (line) => {
    states = JSON.parse(line);
  });
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(0));
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const running = child;
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) {
    return running?.exitCode ?? null;
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  running.once('close', resolve);
  running.kill(signal);
  return await promise;
}

async function answers(): Promise<number> {
  const { output } = await client.start(
    'arping',
    '-i',
    'eth0',
    '-c',
    '2',
    '-w',
    '1',
    '-W',
    '0.05',
    '192.0.2.100',
  );
  return Number(/(\d+) packets received/.exec(output)?.[1]);
}

/** Addresses, routes, neighbours' entries of others, groups and packet sockets, as the kernel shows them. */
function kernelState(): string {
  return node.run(
    'sh',
    '-c',
    'ip address; ip route show table all; ip -6 route show table all; ip neigh; ip maddress; ss --packet -n',
  ).output;
}

describe('a speaker', () => {
  it('needs CAP_NET_RAW and nothing else', async () => {
    await start('net_raw');
    expect(states).toMatchObject([{ isAnswering: true }, { isAnswering: true }]);
    expect(await answers()).toBe(2);
    expect(await stop('SIGTERM')).toBe(0);
    expect(errors).toBe('');
  });

  it('says what it lacks without it', async () => {
    await start('net_admin');
    for (const state of states) {
      expect(state).toMatchObject({ isAnswering: false, gratuitous: 0 });
      expect(state.reason).toMatch(/operation not permitted \(EPERM\) \(run as root or with CAP_NET_RAW\)$/);
    }
    expect(errors).toBe('');
  });

  it('leaves nothing behind when it is killed, and put nothing on an interface', async () => {
    const before = kernelState();
    await start('net_raw');
    expect(await answers()).toBe(2);
    const addresses = node.ip('address');
    expect(before).toContain(addresses);
    expect(node.ip('maddress')).toContain('ff02::1:ff00:100');
    await stop('SIGKILL');
    expect(kernelState()).toBe(before);
    expect(await answers()).toBe(0);
  });
});
