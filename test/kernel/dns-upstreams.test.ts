/** dnsmasq as upstream, and such upstreams as nobody wants, in the network namespace of this file (dns § 6). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { address, ScriptedUpstream, say } from '@menwei/testing/dns/upstream.ts';
import { decode } from 'dns-packet';
import { DEFAULT_CACHE, DnsForwarder, type ForwardOptions } from 'menwei/dns/forward/forwarder.ts';
import { parseQuery } from 'menwei/dns/wire/query.ts';
import { TYPE } from 'menwei/dns/wire/question.ts';
import { type LogFields, silentLogger } from 'menwei/log/logger.ts';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { TestFolder } from './run-cluster.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const said: string[] = [];
const note = (fields: LogFields, message: string) => said.push(`${String(fields.upstream)}: ${message}`);

function open(ports: readonly number[], options: Partial<ForwardOptions> = {}): DnsForwarder {
  said.length = 0;
  const upstreams = ports.map((port) => ({ ip: '127.0.0.1', port }));
  const forwarder = new DnsForwarder(
    {
      upstreams,
      stubs: [],
      policy: 'sequential',
      maxConcurrent: 1000,
      timeoutMs: 500,
      cache: DEFAULT_CACHE,
      ...options,
    },
    {
      observer: {
        exchanged: () => undefined,
        healthChanged: () => undefined,
        probeFailed: () => undefined,
        cacheHit: () => undefined,
        cacheMiss: () => undefined,
        prefetched: () => undefined,
        servedStale: () => undefined,
        failed: () => undefined,
      },
      logger: { ...silentLogger, error: note, info: note },
    },
  );
  opened.push(() => forwarder.close());
  return forwarder;
}

async function ask(forwarder: DnsForwarder, name: string, type: number = TYPE.A): Promise<string> {
  const given = await forwarder.forward({ name, type, class: 1 }, { dnssec: false });
  if ('failure' in given) return given.failure;
  const { answers } = decode(Buffer.from(given.message));
  const data = (answers ?? []).map((record) =>
    'data' in record ? JSON.stringify(record.data) : record.type,
  );
  return [(given.message[3] ?? 0) & 15, ...data].join(' ').replaceAll('"', '');
}

async function dnsmasq(port: number, ...args: readonly string[]): Promise<ChildProcess> {
  const own = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--user=root',
    '--pid-file=',
  ];
  const where = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--log-facility=-'];
  const child = spawn('dnsmasq', [...own, ...where, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  opened.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, 'exit');
    }
  });
  let log = '';
  child.stderr?.on('data', (data) => (log += String(data)));
  await expect.poll(() => log).toContain('started');
  return child;
}

describe('dnsmasq', () => {
  it('is asked for all types, by TCP for what is large, and believed about what is not there', async () => {
    using folder = new TestFolder();
    const many = Array.from({ length: 300 }, (_, index) => `198.51.100.${index % 250} many.example.org`);
    const hosts = folder.write('hosts', [...new Set(many)].join('\n'));
    await dnsmasq(
      5300,
      `--addn-hosts=${hosts}`,
      '--host-record=www.example.org,192.0.2.1,fd00::1,120',
      '--cname=alias.example.org,www.example.org',
      '--srv-host=_http._tcp.example.org,www.example.org,80',
      '--txt-record=text.example.org,hello',
      '--local=/example.org/',
    );
    const forwarder = open([5300]);
    expect(await ask(forwarder, 'www.example.org')).toBe('0 192.0.2.1');
    expect(await ask(forwarder, 'www.example.org', TYPE.AAAA)).toBe('0 fd00::1');
    expect(await ask(forwarder, 'alias.example.org')).toBe('0 www.example.org 192.0.2.1');
    expect(await ask(forwarder, 'text.example.org', TYPE.TXT)).toMatch(/^0 /);
    expect(await ask(forwarder, '_http._tcp.example.org', TYPE.SRV)).toContain('port:80');
    expect(await ask(forwarder, 'nobody.example.org')).toBe('3');
    expect((await ask(forwarder, 'many.example.org')).split(' ')).toHaveLength(1 + 250);
  });

  it('may end and come back: another stands in, and no question is lost', async () => {
    const first = await dnsmasq(5301, '--host-record=www.example.org,192.0.2.1,1');
    await dnsmasq(5302, '--host-record=www.example.org,192.0.2.2,1');
    const forwarder = open([5301, 5302], { cache: { ...DEFAULT_CACHE, maxEntries: 0 } });
    const answers: string[] = [];
    const stop = new AbortController();
    const asking = (async () => {
      while (!stop.signal.aborted) answers.push(await ask(forwarder, 'www.example.org'));
    })();
    const sees = (answer: string) => expect.poll(() => answers.slice(-1)).toEqual([answer]);
    await sees('0 192.0.2.1');
    first.kill('SIGKILL');
    await sees('0 192.0.2.2');
    await dnsmasq(5301, '--host-record=www.example.org,192.0.2.3,1');
    await sees('0 192.0.2.3');
    stop.abort();
    await asking;
    expect(answers.filter((answer) => !answer.startsWith('0 192.0.2.'))).toEqual([]);
  });

  it('that asks this server again is found out, and not asked any more', async () => {
    const server = createSocket('udp4');
    server.bind(5304, '127.0.0.1');
    await once(server, 'listening');
    opened.push(() => server.close());
    await dnsmasq(5303, '--server=127.0.0.1#5304', '--dns-forward-max=20');
    const forwarder = open([5303]);
    server.on('message', async (message, from) => {
      const query = parseQuery(message);
      if (query === undefined) return;
      await forwarder.forward(query.question, { dnssec: false });
      const failed = Buffer.from(message.subarray(0, query.questionEnd));
      failed.set([0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0], 2);
      server.send(failed, from.port, from.address);
    });
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    void forwarder.watchLoops(stop.signal);
    await expect.poll(() => said).toHaveLength(1);
    expect(said[0]).toMatch(/^127\.0\.0\.1:5303: forwarding loop/);
    expect(await ask(forwarder, 'www.example.org')).toBe('no-upstream');
  });
});

describe('an upstream that', () => {
  it('answers with 64 KB', async () => {
    const texts = Array.from({ length: 250 }, (_, index) => `${index} `.padEnd(240, 'x'));
    const upstream = await ScriptedUpstream.start((asked) =>
      asked.transport === 'udp'
        ? say(asked, [], { isTruncated: true })
        : say(asked, [{ type: 'TXT', name: asked.question.name, ttl: 60, data: texts }]),
    );
    opened.push(() => upstream.close());
    expect((await ask(open([upstream.port]), 'big.example', TYPE.TXT)).length).toBeGreaterThan(60_000);
  });

  it('answers every other question only costs time, and no answer', async () => {
    let count = 0;
    const upstream = await ScriptedUpstream.start((asked) => {
      count += 1;
      return count % 2 === 0 ? say(asked, [address(asked, '192.0.2.1')]) : undefined;
    });
    opened.push(() => upstream.close());
    const forwarder = open([upstream.port], { timeoutMs: 50 });
    for (let index = 0; index < 20; index += 1) {
      expect(await ask(forwarder, `n${index}.example`)).toMatch(/^(0 192\.0\.2\.1|no-answer)$/);
    }
    expect(
      (await Promise.all([0, 1, 2].map((index) => ask(forwarder, `n${index}.example`)))).join(),
    ).toContain('192.0.2.1');
  });

  it('sends garbage is not believed, by UDP or by TCP', async () => {
    const garbage = (asked: Parameters<typeof say>[0]) => {
      const message = say(asked, [address(asked, '192.0.2.1')]);
      message.writeUInt16BE(9, 6);
      return message;
    };
    const upstream = await ScriptedUpstream.start(garbage);
    const byTcp = await ScriptedUpstream.start((asked) =>
      asked.transport === 'udp' ? say(asked, [], { isTruncated: true }) : garbage(asked),
    );
    opened.push(
      () => upstream.close(),
      () => byTcp.close(),
    );
    expect(await ask(open([upstream.port, byTcp.port]), 'www.example')).toBe('no-answer');
  });
});
