/** Each component of a real proxy fails in its turn: traffic goes on, the servers answer, and it comes back. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { ComponentFaults } from '@menwei/testing/agent/faults.ts';
import { settingsOf } from '@menwei/testing/config/testing.ts';
import { cleanupKernel } from 'menwei/agent/cleanup-kernel.ts';
import type { ComponentStates } from 'menwei/agent/component.ts';
import { openProxy } from 'menwei/agent/open-proxy.ts';
import { SettingsInForce } from 'menwei/agent/settings-in-force.ts';
import { supervise } from 'menwei/agent/supervisor.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolder } from './run-cluster.ts';

const MODES = ['iptables', 'nftables', 'userspace'] as const;
const RETRY = { firstMs: 20, maxMs: 20 };
const PATIENCE_MS = 30_000;
const ENDPOINTS: Readonly<Record<IpFamily, string>> = { IPv4: '10.0.0.1', IPv6: 'fd00:10::1' };
/** A packet that still has a ClusterIP after all translation is answered at once, so that nobody has to send it again. */
const REJECT_WHAT_NO_RULE_TRANSLATES = `table inet untranslated {
  chain output {
    type filter hook output priority 10
    ip daddr 172.30.0.0/24 meta l4proto tcp reject with tcp reset
    ip6 daddr fd00:30::/64 meta l4proto tcp reject with tcp reset
  }
}`;
const folder = new TestFolder();

function ip(...args: readonly string[]): void {
  execFileSync('ip', args);
}

/** Service `default/<name>` in both families, with the endpoint of each. */
function writeService(name: string, number: number): void {
  const slice = (family: IpFamily) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...{ name: `${name}-${family.toLowerCase()}`, namespace: 'default' },
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: family,
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [ENDPOINTS[family]] }],
  });
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      clusterIP: clusterIP('IPv4', number),
      clusterIPs: IP_FAMILIES.map((family) => clusterIP(family, number)),
      ipFamilies: IP_FAMILIES,
      ports: [{ port: 80 }],
    },
  };
  const documents = [service, ...IP_FAMILIES.map(slice)].map((document) => JSON.stringify(document));
  folder.write(`${name}.yaml`, documents.join('\n---\n'));
}

function clusterIP(family: IpFamily, number: number): string {
  return family === 'IPv4' ? `172.30.0.${number}` : `fd00:30::${number}`;
}

/**
 * What the endpoint answers, or why there is no answer. The client closes first. Otherwise the endpoint's socket stays in
 * TIME_WAIT, and another Service may lead to it from the same client port. Linux gives the timestamps of each destination
 * an offset of its own, so such a SYN can look old to that socket, and is answered only when it is sent again.
 */
function ask(family: IpFamily, number: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host: clusterIP(family, number), port: 80, timeout: PATIENCE_MS });
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      socket.end();
    });
    socket.on('error', (error) => resolve(error.message));
    socket.on('timeout', () => socket.destroy(new Error('timed out')));
    socket.on('close', () => resolve(answer));
  });
}

/**
 * How many packets that open a connection were sent again in this network namespace. A lost packet shows here; how long
 * an answer takes tells of a busy machine, too.
 */
function countRepeatedSyns(): number {
  const [names = [], values = []] = readFileSync('/proc/thread-self/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const count = values[names.indexOf('TCPSynRetrans')];
  if (count === undefined) throw new Error('the kernel does not count repeated SYN packets');
  return Number(count);
}

/** Asks over and over, in both families. */
class Traffic {
  readonly failures: string[] = [];
  readonly #repeatedSyns = countRepeatedSyns();
  #count = 0;
  #isOver = false;
  readonly #running: Promise<unknown>;

  constructor() {
    this.#running = Promise.all(IP_FAMILIES.map((family) => this.#run(family)));
  }

  async end(): Promise<number> {
    this.#isOver = true;
    await this.#running;
    const lost = countRepeatedSyns() - this.#repeatedSyns;
    if (lost > 0) this.failures.push(`${lost} SYN packets were lost`);
    return this.#count;
  }

  async #run(family: IpFamily): Promise<void> {
    while (!this.#isOver) {
      const answer = await ask(family, 1);
      this.#count++;
      if (answer !== family) this.failures.push(`${family}: ${answer}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

const eventually = (what: () => unknown) => expect.poll(what, { timeout: PATIENCE_MS, interval: 10 });

const notRunning = (states: ComponentStates) =>
  states.all().flatMap(({ name, state }) => (state === 'running' ? [] : [name]));

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

/** Sockets of netlink, which are those that backends hold. */
function countDescriptors(): number {
  const inodes = new Set(
    readFileSync('/proc/thread-self/net/netlink', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/).at(-1)),
  );
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]);
    } catch {
      return false;
    }
  }).length;
}

const servers: Server[] = [];

beforeAll(async () => {
  ip('link', 'add', 'pods', 'type', 'veth', 'peer', 'name', 'wire');
  for (const end of ['pods', 'wire']) ip('link', 'set', end, 'up');
  ip('address', 'add', '192.168.49.2/24', 'dev', 'pods');
  ip('address', 'add', 'fd00:49::2/64', 'dev', 'pods', 'nodad');
  ip('address', 'add', `${ENDPOINTS.IPv4}/24`, 'dev', 'pods');
  ip('address', 'add', `${ENDPOINTS.IPv6}/64`, 'dev', 'pods', 'nodad');
  ip('route', 'add', 'default', 'dev', 'pods');
  ip('-6', 'route', 'add', 'default', 'dev', 'pods');
  execFileSync('nft', ['-f', '-'], { input: REJECT_WHAT_NO_RULE_TRANSLATES });
  for (const family of IP_FAMILIES) {
    const server = createServer((socket) => socket.on('error', () => undefined).write(family));
    await new Promise<void>((resolve) => server.listen(8080, ENDPOINTS[family], resolve));
    servers.push(server);
  }
  writeService('web', 1);
});

afterAll(() => {
  for (const server of servers) server.close();
  folder[Symbol.dispose]();
});

describe.each(MODES)('the components of a proxy in %s mode', (mode) => {
  it('fail one by one, and nobody notices but who asks', { timeout: 240_000 }, async () => {
    const given = settingsOf([
      ...['--manifests', folder.path, '--proxy-mode', mode, '--iptables-min-sync-period', '1ms'],
      ...['--healthz-bind-address', '127.0.0.1:10256', '--metrics-bind-address', '127.0.0.1:10249'],
    ]);
    const settings = new SettingsInForce(given);
    const runner = startToolRunner();
    const stop = new AbortController();
    const { components, states } = await openProxy({ settings, runner, logger: silentLogger }, stop.signal);
    const faults = new ComponentFaults();
    const options = { states, logger: silentLogger, retry: RETRY };
    const ended = supervise(faults.among(components), options, stop.signal);
    try {
      await eventually(() => notRunning(states)).toEqual([]);
      let number = 1;
      const descriptors = countDescriptors();
      for (const { name, onFailure } of components) {
        if (onFailure === 'end the process') continue;
        const traffic = new Traffic();
        const release = faults.kill(name);
        await eventually(() => states.get(name)?.state).toBe('restarting');
        writeService(name, ++number);
        if (name !== 'health-server') {
          expect(await get('http://127.0.0.1:10256/healthz')).toMatch(/^200 /);
        }
        if (name !== 'metrics-server') {
          const metrics = await get('http://127.0.0.1:10249/metrics');
          expect(metrics).toContain(`menwei_component_up{component="${name}"} 0`);
        }
        release();
        await eventually(() => notRunning(states)).toEqual([]);
        for (const family of IP_FAMILIES) await eventually(() => ask(family, number)).toBe(family);
        const count = await traffic.end();
        // What forwards the connections itself takes them along.
        const failures = name === 'relays' ? [] : traffic.failures;
        expect({ name, failures, hasAsked: count > 0 }).toEqual({ name, failures: [], hasAsked: true });
      }
      // None of those that failed has left anything open.
      await eventually(() => countDescriptors() - descriptors).toBeLessThanOrEqual(0);
      expect(await get('http://127.0.0.1:10256/healthz')).toMatch(/^200 /);
      const status = () => get('http://127.0.0.1:10249/status');
      await eventually(status).not.toMatch(/"(pending|error)"/);
    } finally {
      stop.abort();
      await ended;
      const cleanup = { settings: given, runner, logger: silentLogger, print: () => undefined };
      await cleanupKernel(cleanup, new AbortController().signal);
      runner.close();
    }
  });
});
