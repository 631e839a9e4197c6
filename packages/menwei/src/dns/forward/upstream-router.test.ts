import { address, type Script, ScriptedUpstream, say } from '@menwei/testing/dns/upstream.ts';
import { decode } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { TYPE } from '../wire/question.ts';
import type { UpstreamAddress } from './upstream-address.ts';
import { type RouterOptions, UpstreamRouter } from './upstream-router.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function upstream(script: Script, ip?: string): Promise<ScriptedUpstream> {
  const server = await ScriptedUpstream.start(script, ip);
  opened.push(server);
  return server;
}

interface Told {
  readonly upstream: string;
  readonly rcode?: number | undefined;
  readonly isDown?: boolean;
}

function router(upstreams: readonly UpstreamAddress[], options: Partial<RouterOptions> = {}) {
  const told: Told[] = [];
  const made = new UpstreamRouter(
    { upstreams, stubs: [], policy: 'sequential', maxConcurrent: 1000, timeoutMs: 150, ...options },
    {
      exchanged: (upstream, rcode) => told.push({ upstream, rcode }),
      healthChanged: (upstream, isDown) => told.push({ upstream, isDown }),
      probeFailed: () => undefined,
    },
  );
  opened.push(made);
  const ask = async (name: string, type: number = TYPE.A): Promise<string> => {
    const answer = await made.ask({ name, type, class: 1 }, false);
    if ('failure' in answer) return answer.failure;
    const { answers = [], rcode } = readMessage(answer);
    return [rcode, ...answers.map((record) => ('data' in record ? String(record.data) : record.type))].join(
      ' ',
    );
  };
  return { made, ask, told };
}

function readMessage(message: Uint8Array) {
  const { answers } = decode(Buffer.from(message));
  return { answers: answers ?? [], rcode: (message[3] ?? 0) & 15 };
}

const says =
  (data: string): Script =>
  (asked) =>
    say(asked, [address(asked, data)]);
const silent: Script = () => undefined;

describe('one upstream', () => {
  it('answers, to a query of our own with a random id, a random port and EDNS', async () => {
    const server = await upstream(says('192.0.2.1'));
    const { ask } = router([server.address]);
    for (let count = 0; count < 100; count += 1) expect(await ask('example.org')).toBe('0 192.0.2.1');
    expect(new Set(server.asked.map(({ query }) => query.id)).size).toBeGreaterThan(90);
    const ports = new Set(server.asked.map(({ port }) => port)).size;
    expect(ports).toBeGreaterThan(30);
    expect(ports).toBeLessThanOrEqual(64);
    expect(server.asked[0]?.query.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  it('gets queries from other ports after a thousand of them, and loses none', async () => {
    const server = await upstream(says('192.0.2.1'));
    const { ask } = router([server.address]);
    const answers: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      answers.push(...(await Promise.all(Array.from({ length: 100 }, () => ask('example.org')))));
    }
    expect(new Set(answers)).toEqual(new Set(['0 192.0.2.1']));
    expect(new Set(server.asked.map(({ port }) => port)).size).toBeGreaterThan(64);
  });

  it('gets no more queries out of a port that no answer came to', async () => {
    const server = await upstream(silent);
    const { ask } = router([server.address], { timeoutMs: 20 });
    for (let count = 0; count < 40; count += 1) await ask('example.org');
    // Of 80 queries; the kernel may give a port twice.
    expect(new Set(server.asked.map(({ port }) => port)).size).toBeGreaterThan(70);
  });

  it('is not believed with another id, another question or as a query, but with what is right behind it', async () => {
    const server = await upstream((asked) => {
      const right = say(asked, [address(asked, '192.0.2.1')]);
      const forged = say(asked, [address(asked, '203.0.113.66')]);
      const otherId = Buffer.from(forged);
      otherId.writeUInt16BE((otherId.readUInt16BE(0) + 1) & 0xffff, 0);
      const otherType = Buffer.from(forged);
      otherType.writeUInt16BE(TYPE.AAAA, 12 + 'example.org'.length + 2);
      const otherName = Buffer.from(forged);
      otherName.write('f', 13);
      const query = Buffer.from(forged);
      query[2] = 0;
      return [
        otherId,
        otherType,
        otherName,
        query,
        forged.subarray(0, 20),
        forged.subarray(0, 1),
        Buffer.alloc(0),
        right,
      ];
    });
    expect(await router([server.address]).ask('example.org')).toBe('0 192.0.2.1');
  });

  it('is not believed from another address', async () => {
    const { createSocket } = await import('node:dgram');
    const stranger = createSocket('udp4');
    opened.push(stranger);
    const server = await upstream((asked) => {
      stranger.send(say(asked, [address(asked, '203.0.113.66')]), asked.port, '127.0.0.1');
      return undefined;
    });
    expect(await router([server.address]).ask('example.org')).toBe('no-answer');
  });

  it('is asked by TCP for what is too large for UDP, over one connection', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);
    const server = await upstream((asked) =>
      asked.transport === 'udp'
        ? say(asked, [], { isTruncated: true })
        : say(
            asked,
            many.map((data) => address(asked, data)),
          ),
    );
    const { ask } = router([server.address]);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`n${index}.example.org`)));
    expect(new Set(answers)).toEqual(new Set([`0 ${many.join(' ')}`]));
    expect(server.connections).toBe(1);
    server.disconnect();
    expect(await ask('again.example.org')).toBe(`0 ${many.join(' ')}`);
    expect(server.connections).toBe(2);
  });

  it('is asked without EDNS if it does not understand that', async () => {
    const server = await upstream((asked) => {
      if (asked.query.additionals?.length === 0) return say(asked, [address(asked, '192.0.2.1')]);
      const header = say(asked, [], { rcode: 'FORMERR' }).subarray(0, 12);
      header.writeUInt16BE(0, 4);
      return header;
    });
    expect(await router([server.address]).ask('example.org')).toBe('0 192.0.2.1');
  });

  it('may be one of IPv6', async () => {
    const server = await upstream(says('192.0.2.6'), '::1');
    expect(await router([server.address]).ask('example.org')).toBe('0 192.0.2.6');
  });
});

describe('several upstreams', () => {
  it('are asked one after the other, each twice at most', async () => {
    const [first, second] = [await upstream(silent), await upstream(silent)];
    const { ask } = router([first.address, second.address]);
    expect(await ask('example.org')).toBe('no-answer');
    expect([first.asked.length, second.asked.length]).toEqual([2, 2]);
    second.script = says('192.0.2.2');
    expect(await ask('example.org')).toBe('0 192.0.2.2');
  });

  it('stand in for one that is dead, which is asked last until a probe says that it is back', async () => {
    const dead = await upstream(says('192.0.2.1'));
    const good = await upstream(says('192.0.2.2'));
    await dead.close();
    const { ask, told } = router([dead.address, good.address]);
    for (let count = 0; count < 5; count += 1) expect(await ask('example.org')).toBe('0 192.0.2.2');
    const name = `127.0.0.1:${dead.port}`;
    expect(told.filter(({ upstream, isDown }) => upstream === name && isDown === undefined)).toHaveLength(2);
    expect(told).toContainEqual({ upstream: name, isDown: true });
    await dead.listen();
    await expect.poll(() => told, { timeout: 10_000 }).toContainEqual({ upstream: name, isDown: false });
    expect(dead.asked[0]?.question).toMatchObject({ name: '.', type: 'NS' });
    expect(await ask('example.org')).toBe('0 192.0.2.1');
  });

  it('are asked if the first one refuses, whose word counts if none knows better', async () => {
    const refusing = await upstream((asked) => say(asked, [], { rcode: 'REFUSED' }));
    const failing = await upstream((asked) => say(asked, [], { rcode: 'SERVFAIL' }));
    const good = await upstream(says('192.0.2.2'));
    expect(await router([refusing.address, failing.address]).ask('example.org')).toBe('5');
    expect(failing.asked).toHaveLength(1);
    expect(await router([refusing.address, good.address]).ask('example.org')).toBe('0 192.0.2.2');
  });

  it('all get their share with the policy random', async () => {
    const [first, second] = [await upstream(says('192.0.2.1')), await upstream(says('192.0.2.2'))];
    const { ask } = router([first.address, second.address], { policy: 'random' });
    for (let count = 0; count < 40; count += 1) await ask('example.org');
    expect(first.asked.length).toBeGreaterThan(0);
    expect(second.asked.length).toBeGreaterThan(0);
  });

  it('may be replaced while questions go on', async () => {
    const [first, second] = [await upstream(says('192.0.2.1')), await upstream(says('192.0.2.2'))];
    const { ask, made } = router([first.address]);
    expect(await ask('example.org')).toBe('0 192.0.2.1');
    made.setUpstreams([second.address]);
    expect(await ask('example.org')).toBe('0 192.0.2.2');
    made.setUpstreams([]);
    expect(await ask('example.org')).toBe('no-upstream');
  });
});

it('asks the upstreams of the longest stub domain', async () => {
  const all = await upstream(says('192.0.2.1'));
  const outer = await upstream(says('192.0.2.2'));
  const inner = await upstream(says('192.0.2.3'));
  const stubs = [
    { domain: 'example.local', upstreams: [outer.address] },
    { domain: 'eu.example.local', upstreams: [inner.address] },
  ];
  const { ask } = router([all.address], { stubs });
  expect(await ask('example.org')).toBe('0 192.0.2.1');
  expect(await ask('notexample.local')).toBe('0 192.0.2.1');
  expect(await ask('example.local')).toBe('0 192.0.2.2');
  expect(await ask('db.us.example.local')).toBe('0 192.0.2.2');
  expect(await ask('db.eu.example.local')).toBe('0 192.0.2.3');
});

it('refuses more questions than may be under way', async () => {
  const server = await upstream(silent);
  const { ask } = router([server.address], { maxConcurrent: 2 });
  const answers = await Promise.all([ask('a.example'), ask('b.example'), ask('c.example')]);
  expect(answers).toEqual(['no-answer', 'no-answer', 'overload']);
});
