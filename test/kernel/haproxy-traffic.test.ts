/** Real connections through a real HAProxy, to servers of this process that stand for pods. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { aWish } from '@menwei/testing/loadbalancer/conformance.ts';
import { BalancerEngine } from 'menwei/loadbalancer/providers/balancer-engine.ts';
import type { BalancerWish } from 'menwei/loadbalancer/providers/balancer-request.ts';
import type { HAProxySpec } from 'menwei/loadbalancer/providers/haproxy/section.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HAProxyBench } from './haproxy-bench.ts';
import { readAll } from './haproxy-client.ts';

const { signal } = new AbortController();
const VIP = '192.0.2.1';
const PODS = { 'menwei.dev/backends': 'pods', 'menwei.dev/health-check': 'tcp interval=500ms' };

describe('HAProxy', () => {
  let bench: HAProxyBench;
  let engine: BalancerEngine<HAProxySpec>;
  const pods = new Map<string, Server>();
  beforeEach(async () => {
    bench = await HAProxyBench.start();
    engine = new BalancerEngine(bench.provider);
    await engine.look(() => true, signal);
    for (const ip of ['127.0.2.1', '127.0.2.2', '127.0.2.3', '::1']) await startPod(ip);
  });
  afterEach(async () => {
    for (const ip of pods.keys()) await stopPod(ip);
    await bench[Symbol.asyncDispose]();
  });

  /** Says which pod it is and what the connection began with, as soon as it has that. */
  async function startPod(ip: string): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => socket.end(`${ip} ${data.toString('latin1')}`, 'latin1'));
    });
    server.listen(8080, ip);
    await once(server, 'listening');
    pods.set(ip, server);
  }

  async function stopPod(ip: string): Promise<void> {
    const server = pods.get(ip);
    pods.delete(ip);
    server?.close();
    await (server && once(server, 'close'));
  }

  async function put(...wishes: readonly BalancerWish[]): Promise<void> {
    const outcomes = await Promise.all(wishes.map((wish) => engine.put(wish, signal)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'done' });
  }

  const web = (...endpoints: NonNullable<Parameters<typeof aWish>[1]>) =>
    aWish({ annotations: PODS }, endpoints);

  /** Which pod answered, or what went wrong. */
  async function ask(address = VIP, from?: string): Promise<string> {
    return (await readAll(address, 80, 'hello', from)).split(' ')[0] ?? '';
  }

  /** Asks all the time while something is done, at least so many times; tells what was no pod's answer. */
  async function askWhile(count: number, work: () => Promise<void>): Promise<readonly string[]> {
    let isOver = false;
    let asked = 0;
    const failures: string[] = [];
    const client = async () => {
      while (!isOver || asked < count) {
        asked++;
        const answer = await ask();
        if (!answer.startsWith('127.0.2.')) failures.push(answer);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    await work();
    isOver = true;
    await clients;
    return failures;
  }

  it('fails no request of 1,000 while pods come and go', async () => {
    const ending = (ip: string) => ({ ip, ready: false, serving: true, terminating: true });
    await put(web('127.0.2.1', '127.0.2.2'));
    const reloads = await bench.reloads();
    const failures = await askWhile(1_000, async () => {
      for (const [leaving, staying, coming] of [
        ['127.0.2.1', '127.0.2.2', '127.0.2.3'],
        ['127.0.2.2', '127.0.2.3', '127.0.2.1'],
        ['127.0.2.3', '127.0.2.1', '127.0.2.2'],
      ] as const) {
        await put(web(leaving, staying, coming));
        await put(web(ending(leaving), staying, coming));
        await put(web(staying, coming));
        await stopPod(leaving);
        await sleep(50);
        await startPod(leaving);
      }
    });
    expect(failures).toEqual([]);
    expect(await bench.reloads()).toBe(reloads);
  });

  it('fails no request of 1,000 while it is reloaded', async () => {
    await put(web('127.0.2.1', '127.0.2.2'));
    const before = await bench.reloads();
    const failures = await askWhile(1_000, async () => {
      for (let round = 0; round < 5; round++) {
        await put(aWish({ name: `other-${round}`, ports: [{ port: 81 + round, nodePort: 30_081 }] }));
      }
    });
    expect(failures).toEqual([]);
    expect(await bench.reloads()).toBe(before + 5);
  });

  it('fails no request where a pod is gone before anybody says so', async () => {
    await put(web('127.0.2.1', '127.0.2.2'));
    const failures = await askWhile(200, () => stopPod('127.0.2.1'));
    expect(failures).toEqual([]);
  });

  it('tells pods the client by the PROXY protocol', async () => {
    for (const version of ['v1', 'v2']) {
      await put(aWish({ annotations: { ...PODS, 'menwei.dev/proxy-protocol': version } }, ['127.0.2.1']));
      const seen = (await readAll(VIP, 80, 'hello', '127.0.9.9')).slice('127.0.2.1 '.length);
      if (version === 'v1') expect(seen).toMatch(/^PROXY TCP4 127\.0\.9\.9 192\.0\.2\.1 \d+ 80\r\n/);
      else {
        expect(seen.slice(0, 16)).toBe('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c');
        expect([...seen.slice(16, 24)].map((char) => char.charCodeAt(0))).toEqual([
          127, 0, 9, 9, 192, 0, 2, 1,
        ]);
      }
    }
  });

  it('lets in who is in the ranges, in both families', async () => {
    const both = [VIP, '2001:db8::1'];
    const limited = { annotations: PODS, loadBalancerSourceRanges: ['127.0.9.0/24'] };
    // To HAProxy every IPv4 client is one of ::/0, too.
    await put(aWish({ ...limited, loadBalancerSourceRanges: ['127.0.9.0/24', '::/0'] }, ['127.0.2.1'], both));
    expect(await ask(VIP, '127.0.8.8')).toMatch(/ECONNRESET|^$/);
    await put(aWish(limited, ['127.0.2.1'], both));
    expect(await ask(VIP, '127.0.9.9')).toBe('127.0.2.1');
    expect(await ask(VIP, '127.0.8.8')).toMatch(/ECONNRESET|^$/);
    expect(await ask('2001:db8::1')).toBe('127.0.2.1');
    await put(aWish({ ...limited, hasUnreadableSourceRange: true }, ['127.0.2.1'], both));
    expect(await ask(VIP, '127.0.9.9')).toBe('127.0.2.1');
    expect(await ask('2001:db8::1')).toMatch(/ECONNRESET|^$/);
  });

  it('sends a client to the pod it had, also after a reload', async () => {
    const wish = aWish({ annotations: PODS, sessionAffinitySeconds: 60 }, [
      '127.0.2.1',
      '127.0.2.2',
      '127.0.2.3',
    ]);
    await put(wish);
    const clients = Array.from({ length: 20 }, (_, index) => `127.0.7.${index + 1}`);
    const choose = async () => await Promise.all(clients.map((client) => ask(VIP, client)));
    const first = await choose();
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(await choose()).toEqual(first);
    await put(aWish({ name: 'other', ports: [{ port: 81, nodePort: 30_081 }] }));
    expect(await choose()).toEqual(first);
  });

  it('is put right when somebody has been at its socket or its file', async () => {
    await put(web('127.0.2.1', '127.0.2.2'));
    const section = 'mw:c1:ns:web:80';
    const edits = [
      () => bench.ask(`set server ${section}/127.0.2.1_8080 state drain`),
      () => bench.ask(`set server ${section}/127.0.2.1_8080 weight 7`),
      () => bench.ask(`set server ${section}/127.0.2.1_8080 addr 127.0.2.3`),
      () => bench.ask(`disable health ${section}/127.0.2.1_8080`),
      async () => bench.edit((text) => text.replace('weight 1', 'weight 9')),
      async () => bench.edit((text) => text.replace('retries 3', 'retries 4')),
      async () => bench.edit((text) => text.slice(0, text.indexOf('listen mw'))),
      async () => bench.edit(() => 'not a configuration'),
      async () => bench.edit(() => ''),
    ];
    for (const edit of edits) {
      await edit();
      const { drifted } = await engine.look(() => true, signal);
      expect([...drifted.keys()]).toEqual(['ns/web']);
      await put(web('127.0.2.1', '127.0.2.2'));
      expect((await engine.look(() => true, signal)).drifted).toEqual(new Map());
      expect(await askWhile(20, async () => undefined)).toEqual([]);
    }
  });

  it('keeps sections that others have put into its file, and drops what HAProxy refuses', async () => {
    bench.edit(
      (text) => `${text}\nlisten mine\n    bind 127.0.3.1:80\n    mode tcp\n    timeout client 1s\n`,
    );
    await put(web('127.0.2.1'));
    expect(readFileSync(bench.configFile, 'utf8')).toContain('listen mine\n    bind 127.0.3.1:80\n');
    bench.edit((text) => text.replace('bind 127.0.3.1:80', 'bind nowhere at all'));
    await put(web('127.0.2.1', '127.0.2.2'));
    expect(readFileSync(bench.configFile, 'utf8')).not.toContain('listen mine');
    expect(readFileSync(`${bench.configFile}.refused`, 'utf8')).toContain('bind nowhere at all');
  });

  it('goes on with what it had when it refuses a Service, and serves the others', async () => {
    await put(web('127.0.2.1'));
    const wrong = aWish({ annotations: PODS, loadBalancerSourceRanges: ['10.0.0.0/99'] }, ['127.0.2.1']);
    const other = aWish({ name: 'other', annotations: PODS }, ['127.0.2.2'], ['192.0.2.2']);
    const [refused, served] = await Promise.all([engine.put(wrong, signal), engine.put(other, signal)]);
    expect(refused).toMatchObject({
      outcome: 'failed',
      trouble: {
        reason: 'ProviderError',
        message: expect.stringMatching(/haproxy refuses it: .*10\.0\.0\.0\/99/),
      },
    });
    expect(served).toMatchObject({ outcome: 'done' });
    expect([await ask(), await ask('192.0.2.2')]).toEqual(['127.0.2.1', '127.0.2.2']);
    await put(web('127.0.2.2'));
    expect(await ask()).toBe('127.0.2.2');
  });

  it('does not take a port that another program has', async () => {
    const server = createServer().listen(80, '192.0.2.3');
    await once(server, 'listening');
    const [taken, free] = [
      aWish({ annotations: PODS }, ['127.0.2.1'], ['192.0.2.3']),
      aWish({ name: 'free', annotations: PODS }, ['127.0.2.1']),
    ];
    const [refused, served] = await Promise.all([engine.put(taken, signal), engine.put(free, signal)]);
    expect(refused).toMatchObject({
      trouble: { message: '192.0.2.3 port 80: another program listens there' },
    });
    expect(served).toMatchObject({ outcome: 'done' });
    server.close();
    await put(taken);
    expect(await ask('192.0.2.3')).toBe('127.0.2.1');
  });

  it('comes back with what it had when it was killed', async () => {
    await put(web('127.0.2.1', '127.0.2.2'));
    await put(web('127.0.2.2', '127.0.2.3'));
    const pid = /Pid: (\d+)/.exec(await bench.ask('show info'))?.[1];
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => ask(), { interval: 100 }).toMatch(/^127\.0\.2\.[23]$/);
    expect((await engine.look(() => true, signal)).drifted).toEqual(new Map());
  });

  it('says when nothing of a Service answers', async () => {
    await put(web('127.0.2.9'));
    await expect
      .poll(async () => (await engine.look(() => true, signal)).unreachable, { interval: 200 })
      .toEqual([
        'no server of Service ns/web is well by the checks of haproxy (127.0.2.9 port 8080: Layer4 connection problem: Connection refused)',
      ]);
    await put(web('127.0.2.1'));
    await expect.poll(async () => (await engine.look(() => true, signal)).unreachable).toEqual([]);
  });

  it('deletes a server once its connections have ended, and cuts none', async () => {
    await put(web('127.0.2.1', '127.0.2.2'));
    const { promise: until, resolve: say } = Promise.withResolvers<void>();
    const open = readAll(VIP, 80, '', undefined, until);
    await expect.poll(() => bench.ask('show sess')).toMatch(/be=mw:c1:ns:web:80 srv=[^<]/);
    await put(web('127.0.2.3'));
    await bench.provider.sweep(signal);
    expect((await bench.ask('show servers state mw:c1:ns:web:80')).split('\n').length).toBe(2 + 2);
    say();
    expect(await open).toMatch(/^127\.0\.2\.[12] late$/);
    await expect
      .poll(async () => {
        await bench.provider.sweep(signal);
        return (await bench.ask('show servers state mw:c1:ns:web:80')).split('\n').length;
      })
      .toBe(2 + 1);
  });

  it('has nothing left when the last Service has gone', async () => {
    await put(web('127.0.2.1'), aWish({ name: 'other' }, [], ['192.0.2.2']));
    await engine.remove('ns/web', signal);
    await engine.remove('ns/other', signal);
    expect(await bench.ask('show backend')).not.toContain('mw:');
    expect(readFileSync(bench.configFile, 'utf8')).not.toMatch(/^listen/m);
    const listening = spawnSync('ss', ['-Hltn'], { encoding: 'utf8' }).stdout;
    expect(listening).not.toContain('192.0.2.');
  });
});
