import { address, type Script, ScriptedUpstream, say } from '@menwei/testing/dns/upstream.ts';
import { decode } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LogFields, silentLogger } from '../../log/logger.ts';
import { TYPE } from '../wire/question.ts';
import { DEFAULT_CACHE, DnsForwarder, type ForwardObserver } from './forwarder.ts';

const TIMEOUT_MS = 150;
let server: ScriptedUpstream;
let forwarder: DnsForwarder;
let nowMs = 0;
let counted: string[] = [];

const observer: ForwardObserver = {
  exchanged: () => undefined,
  healthChanged: () => undefined,
  probeFailed: () => undefined,
  cacheHit: (kind) => counted.push(`hit ${kind}`),
  cacheMiss: () => counted.push('miss'),
  prefetched: () => counted.push('prefetch'),
  servedStale: () => counted.push('stale'),
  failed: ({ failure }) => counted.push(failure),
};

let said: string[] = [];
const note = (fields: LogFields, message: string) => said.push(`${String(fields.upstream)}: ${message}`);
const logger = { ...silentLogger, error: note, info: note };

const counter: Script = (asked) => say(asked, [address(asked, `192.0.2.${server.asked.length}`, 20)]);
const silent: Script = () => undefined;
const servfail: Script = (asked) => say(asked, [], { rcode: 'SERVFAIL' });

function open(timeoutMs: number): DnsForwarder {
  return new DnsForwarder(
    {
      upstreams: [server.address],
      stubs: [],
      policy: 'random',
      maxConcurrent: 10,
      timeoutMs,
      cache: DEFAULT_CACHE,
    },
    { observer, logger, nowMs: () => nowMs },
  );
}

beforeEach(async () => {
  nowMs = 1_000_000;
  counted = [];
  said = [];
  server = await ScriptedUpstream.start(counter);
  forwarder = open(TIMEOUT_MS);
});
afterEach(async () => {
  forwarder.close();
  await server.close();
});

function after(seconds: number): void {
  nowMs += 1000 * seconds;
}

/** `rcode data…`, with `stale` or the age in seconds if there is one. */
async function ask(name = 'example.org', type: number = TYPE.A, dnssec = false): Promise<string> {
  const given = await forwarder.forward({ name, type, class: 1 }, { dnssec });
  if ('failure' in given) return given.failure;
  const { answers } = decode(Buffer.from(given.message));
  const data = (answers ?? []).map((record) => ('data' in record ? String(record.data) : record.type));
  const age = given.isStale ? ['stale'] : given.ageMs === 0 ? [] : [`${given.ageMs / 1000}s`];
  return [(given.message[3] ?? 0) & 15, ...data, ...age].join(' ');
}

it('asks once for a name, until the time of its answer is over', async () => {
  expect(await ask()).toBe('0 192.0.2.1');
  after(19);
  expect(await ask()).toBe('0 192.0.2.1 19s');
  expect(await ask('example.org', TYPE.A, true)).toBe('0 192.0.2.2');
  expect(await ask('example.com')).toBe('0 192.0.2.3');
  after(1);
  expect(await ask()).toBe('0 192.0.2.4');
  expect(counted).toEqual(['miss', 'hit success', 'miss', 'miss', 'miss']);
});

it('asks once for all who ask the same at the same time', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
  expect(new Set(answers)).toEqual(new Set(['0 192.0.2.1']));
  expect(server.asked).toHaveLength(1);
});

it('answers from the cache at once', async () => {
  await ask();
  expect(
    forwarder.forward({ name: 'example.org', type: TYPE.A, class: 1 }, { dnssec: false }),
  ).not.toBeInstanceOf(Promise);
});

it('makes records say no more than is kept', async () => {
  server.script = (asked) => say(asked, [address(asked, '192.0.2.1', 86_400)]);
  const given = await forwarder.forward({ name: 'example.org', type: TYPE.A, class: 1 }, { dnssec: false });
  expect('message' in given && decode(Buffer.from(given.message)).answers).toMatchObject([{ ttl: 30 }]);
});

it('keeps no answer with TTL 0', async () => {
  server.script = (asked) => say(asked, [address(asked, '192.0.2.1', 0)]);
  await ask();
  await ask();
  expect(server.asked).toHaveLength(2);
});

it('renews an answer that is asked for often, before its time is over', async () => {
  await ask();
  after(17);
  for (let count = 0; count < 3; count += 1) await ask();
  expect(server.asked).toHaveLength(1);
  after(2);
  expect(await ask()).toBe('0 192.0.2.1 19s');
  await expect.poll(() => ask()).toBe('0 192.0.2.2');
  expect(counted.filter((what) => what === 'prefetch')).toHaveLength(1);
});

it('keeps SERVFAIL for five seconds', async () => {
  server.script = servfail;
  expect(await ask()).toBe('2');
  after(4);
  expect(await ask()).toBe('2 4s');
  server.script = counter;
  after(1);
  expect(await ask()).toBe('0 192.0.2.2');
});

describe('an answer whose time is over', () => {
  it.each([
    ['are silent', silent],
    ['fail', servfail],
  ])('is given for an hour while the upstreams %s', async (_, script) => {
    await ask();
    server.script = script;
    after(20);
    expect(await ask()).toBe('0 192.0.2.1 stale');
    const asked = server.asked.length;
    after(4);
    expect(await ask()).toBe('0 192.0.2.1 stale');
    expect(server.asked).toHaveLength(asked);
    after(3600 - 4 - 1);
    expect(await ask()).toBe('0 192.0.2.1 stale');
    after(1);
    expect(await ask()).toMatch(/^(2|no-answer)$/);
  });

  it('gives way to a newer one as soon as there is one', async () => {
    await ask();
    server.script = silent;
    after(30);
    expect(await ask()).toBe('0 192.0.2.1 stale');
    server.script = counter;
    after(5);
    expect(await ask()).toMatch(/^0 192\.0\.2\.\d+$/);
    expect(counted.slice(-1)).toEqual(['miss']);
  });

  it('is given after 1.8 s if the upstreams are slow, and the newer one afterwards', async () => {
    forwarder.close();
    forwarder = open(60_000);
    await ask();
    after(30);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { promise, resolve } = Promise.withResolvers<void>();
    server.script = async (asked) => {
      await promise;
      return say(asked, [address(asked, '192.0.2.77', 20)]);
    };
    const given = ask();
    vi.advanceTimersByTime(1_799);
    after(1.799);
    const another = ask();
    vi.advanceTimersByTime(1);
    expect(await given).toBe('0 192.0.2.1 stale');
    resolve();
    expect(await another).toBe('0 192.0.2.77');
  });
});

it('tells an overload from a failure', async () => {
  server.script = silent;
  const answers = await Promise.all(Array.from({ length: 11 }, (_, index) => ask(`n${index}.example.org`)));
  expect(answers.filter((answer) => answer === 'no-answer')).toHaveLength(10);
  expect(answers.filter((answer) => answer === 'overload')).toHaveLength(1);
});

it('gives what it does not keep: answers with records of others', async () => {
  server.script = (asked) =>
    say(asked, [
      address(asked, '192.0.2.1'),
      { type: 'A', name: 'bank.example', data: '203.0.113.66', ttl: 60 },
    ]);
  await ask();
  await ask();
  expect(server.asked).toHaveLength(2);
  expect(forwarder.cache.size).toBe(0);
});

it('asks no upstream that asks this server again, until it does so no more', async () => {
  const stop = new AbortController();
  const goesRound: Script = async (asked) => {
    const type = asked.question.type === 'HINFO' ? TYPE.HINFO : TYPE.A;
    const given = await forwarder.forward({ name: asked.question.name, type, class: 1 }, { dnssec: false });
    return say(asked, [], { rcode: 'failure' in given ? 'SERVFAIL' : 'NOERROR' });
  };
  server.script = goesRound;
  const watching = forwarder.watchLoops(stop.signal);
  const name = `127.0.0.1:${server.port}`;
  await expect
    .poll(() => said)
    .toEqual([`${name}: forwarding loop: upstream asks this server again; it is not asked any more`]);
  const asked = server.asked.length;
  expect(await ask()).toBe('no-upstream');
  expect(server.asked).toHaveLength(asked);
  server.script = counter;
  forwarder.setUpstreams([server.address]);
  await expect.poll(() => said[1]).toContain('it is asked again');
  expect(await ask()).toMatch(/^0 192/);
  stop.abort();
  await watching;
});
