import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DumpReader, NetlinkConnection, type NetlinkRequest } from './connection.ts';
import { KernelError } from './kernel-error.ts';
import {
  decodeMessages,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from './message.ts';
import { MessageWriter } from './message-writer.ts';
import {
  type Arrival,
  acknowledgement,
  datagrams,
  done,
  lost,
  NetlinkPeer,
  part,
  type Reply,
} from './testing/netlink-peer.ts';

const { EAGAIN, EBUSY, EINTR, ENOBUFS, ENOENT } = constants.errno;
const MAX_ATTEMPTS = 5;

const REQUEST: NetlinkRequest = {
  operation: 'list',
  object: 'things',
  type: 0x1234,
  flags: 0x800,
  write: (writer) => writer.raw(new Uint8Array([1, 2, 3, 4])),
};

/** Of a datagram of which only one message matters. */
function first(messages: readonly NetlinkMessage[]): NetlinkMessage {
  const [message] = messages;
  if (message === undefined) throw new Error('BUG: nothing was sent');
  return message;
}

/** A reply to a single request. */
function reply(make: (request: NetlinkMessage) => readonly Arrival[]): Reply {
  return (sent) => make(first(sent));
}

function texts(values: readonly string[]): readonly Uint8Array[] {
  return values.map((value) => new TextEncoder().encode(value));
}

/** Reads every payload as a text. */
function textReader(): DumpReader<readonly string[]> {
  const all: string[] = [];
  return {
    read: ({ payload }) => void all.push(new TextDecoder().decode(payload)),
    result: () => all,
  };
}

const THINGS = ['a', 'bb', 'ccc'];

function whole(request: NetlinkMessage): readonly NetlinkMessage[] {
  return [...texts(THINGS).map((payload) => part(request, payload)), done(request)];
}

describe('a request', () => {
  it('is sent with its own sequence number and asks for an acknowledgement', () => {
    const peer = new NetlinkPeer(reply((request) => datagrams([acknowledgement(request)])));
    expect(new NetlinkConnection(peer).request(REQUEST)).toEqual([]);
    expect(peer.sent.flatMap((datagram) => decodeMessages(datagram))).toEqual([
      {
        type: 0x1234,
        flags: NLM_F_REQUEST | NLM_F_ACK | 0x800,
        sequence: 1,
        port: 0,
        payload: new Uint8Array([1, 2, 3, 4]),
      },
    ]);
  });

  it.each([
    ['one datagram', []],
    ['two datagrams', [2]],
    ['a datagram each', [1, 1, 1]],
  ])('has the answers that came before the acknowledgement, in %s', (_, sizes) => {
    const peer = new NetlinkPeer(
      reply((request) => {
        const stale = { ...request, sequence: request.sequence + 1_000 };
        const answers = texts(THINGS).map((payload) => ({ ...request, payload }));
        return datagrams([acknowledgement(stale, ENOENT), ...answers, acknowledgement(request)], sizes);
      }),
    );
    const answers = new NetlinkConnection(peer).request(REQUEST);
    expect(answers.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(THINGS);
  });

  it('fails with what the kernel says', () => {
    const peer = new NetlinkPeer(
      reply((request) => datagrams([acknowledgement(request, ENOENT, 'no such thing')])),
    );
    expect(() => new NetlinkConnection(peer).request(REQUEST)).toThrow(
      new KernelError({
        operation: 'list',
        object: 'things',
        detail: 'no such file or directory (ENOENT): no such thing',
        errno: ENOENT,
      }),
    );
  });

  it.each([
    ['EINTR', EINTR],
    ['EAGAIN', EAGAIN],
  ])('is repeated after %s, but not for ever', (_, errno) => {
    const refuse = reply((request) => datagrams([acknowledgement(request, errno)]));
    const accept = reply((request) => datagrams([acknowledgement(request)]));
    const passing = new NetlinkPeer(refuse, refuse, accept);
    new NetlinkConnection(passing).request(REQUEST);
    expect(passing.sent).toHaveLength(3);
    const lasting = new NetlinkPeer(...Array<Reply>(MAX_ATTEMPTS).fill(refuse));
    expect(() => new NetlinkConnection(lasting).request(REQUEST)).toThrow(
      expect.objectContaining({ operation: 'list', errno }),
    );
  });

  it.each<[string, Reply, string]>([
    ['no answer', () => [], 'list things: no answer from the kernel'],
    ['lost answers', () => [lost()], 'list things: no buffer space available (ENOBUFS)'],
    ['garbage', () => [new Uint8Array(5)], "list things: at byte 0: a length of 0 can't be right"],
  ])('fails for %s', (_, answer, message) => {
    expect(() => new NetlinkConnection(new NetlinkPeer(answer)).request(REQUEST)).toThrow(
      expect.objectContaining({ name: 'KernelError', message }),
    );
  });

  it('does not take what is left of an earlier one for its own', () => {
    const peer = new NetlinkPeer(
      reply((request) => [lost(), ...datagrams([acknowledgement(request, ENOENT)])]),
      reply((request) => datagrams([acknowledgement(request)])),
    );
    const connection = new NetlinkConnection(peer);
    expect(() => connection.request(REQUEST)).toThrow(KernelError);
    expect(connection.request(REQUEST)).toEqual([]);
  });
});

describe('a dump', () => {
  it('asks for all there is', async () => {
    const peer = new NetlinkPeer(reply((request) => datagrams(whole(request))));
    await new NetlinkConnection(peer).dump(REQUEST, textReader);
    const request = first(peer.sent.flatMap((datagram) => decodeMessages(datagram)));
    expect(request.flags).toBe(NLM_F_REQUEST | NLM_F_DUMP | 0x800);
  });

  it('gives the same objects however its answers are split, and whatever stands between them', async () => {
    const between = fc.constantFrom('noop', 'stale', 'stale end');
    const script = fc.record({
      things: fc.array(fc.record({ thing: fc.string(), before: fc.array(between, { maxLength: 2 }) })),
      sizes: fc.array(fc.integer({ min: 1, max: 4 })),
    });
    await fc.assert(
      fc.asyncProperty(script, async ({ things, sizes }) => {
        const answer = reply((request) => {
          const stale = { ...request, sequence: request.sequence + 7 };
          const fillers = {
            noop: { ...request, type: NLMSG_NOOP, payload: new Uint8Array() },
            stale: part(stale, new Uint8Array([1])),
            'stale end': done(stale, ENOENT),
          };
          const messages = things.flatMap(({ thing, before }) => [
            ...before.map((filler) => fillers[filler]),
            ...texts([thing]).map((payload) => part(request, payload)),
          ]);
          return datagrams([...messages, done(request)], sizes);
        });
        const all = await new NetlinkConnection(new NetlinkPeer(answer)).dump(REQUEST, textReader);
        expect(all).toEqual(
          things.map(({ thing }) => new TextDecoder().decode(new TextEncoder().encode(thing))),
        );
      }),
    );
  });

  const DISTURBANCES: readonly (readonly [string, Reply, number | undefined])[] = [
    [
      'a cut-off datagram',
      reply((request) => datagrams(whole(request)).map((bytes) => bytes.subarray(0, -3))),
      undefined,
    ],
    ['a change', reply((request) => datagrams(whole(request).map(interrupted))), EINTR],
    [
      'a change told at the end',
      reply((request) => datagrams([...whole(request).slice(0, -1), done(request, 0, NLM_F_DUMP_INTR)])),
      EINTR,
    ],
    [
      'a signal',
      reply((request) => datagrams([...whole(request).slice(0, -1), done(request, EINTR)])),
      EINTR,
    ],
    ['an earlier dump', reply((request) => datagrams([acknowledgement(request, EBUSY)])), EBUSY],
    ['lost answers', reply((request) => [lost(), ...datagrams(whole(request), [1])]), ENOBUFS],
    ['a lost end', reply((request) => [...datagrams(whole(request).slice(0, -1)), lost()]), ENOBUFS],
    [
      'an overrun',
      reply((request) =>
        datagrams([{ ...part(request, new Uint8Array()), type: NLMSG_OVERRUN }, ...whole(request)]),
      ),
      ENOBUFS,
    ],
  ];

  it.each(DISTURBANCES)('is begun again after %s', async (_, disturbed) => {
    const good = reply((request) => datagrams(whole(request), [2]));
    const peer = new NetlinkPeer(disturbed, disturbed, disturbed, disturbed, good);
    expect(await new NetlinkConnection(peer).dump(REQUEST, textReader)).toEqual(THINGS);
    expect(peer.sent).toHaveLength(MAX_ATTEMPTS);
  });

  it.each(DISTURBANCES)('is given up after five times of %s', async (_, disturbed, errno) => {
    const peer = new NetlinkPeer(...Array<Reply>(MAX_ATTEMPTS).fill(disturbed));
    await expect(new NetlinkConnection(peer).dump(REQUEST, textReader)).rejects.toMatchObject({
      name: 'KernelError',
      message: expect.stringMatching(/^list things: dump interrupted 5 times \(./),
      errno,
    });
  });

  it.each<[string, Reply, RegExp]>([
    [
      'a refusal',
      reply((request) => datagrams([acknowledgement(request, ENOENT)])),
      /^list things: no such file or directory \(ENOENT\)$/,
    ],
    [
      'an error at its end',
      reply((request) => datagrams([done(request, ENOENT)])),
      /^list things: no such file or directory \(ENOENT\)$/,
    ],
    [
      'no end',
      reply((request) => datagrams(whole(request).slice(0, -1))),
      /^list things: the dump ended without NLMSG_DONE$/,
    ],
    ['no answer', () => [], /^list things: the dump ended without NLMSG_DONE$/],
  ])('fails with %s', async (_, answer, message) => {
    await expect(
      new NetlinkConnection(new NetlinkPeer(answer)).dump(REQUEST, textReader),
    ).rejects.toMatchObject({
      name: 'KernelError',
      message: expect.stringMatching(message),
    });
  });

  it('fails with what its reader throws, and leaves nothing behind for the next one', async () => {
    const peer = new NetlinkPeer(
      reply((request) => datagrams(whole(request), [1, 1])),
      reply((request) => datagrams(whole(request), [1, 1])),
    );
    const connection = new NetlinkConnection(peer);
    const failing = {
      read(): void {
        throw new Error('unreadable');
      },
      result: () => '',
    };
    await expect(connection.dump(REQUEST, () => failing)).rejects.toThrow('unreadable');
    expect(await connection.dump(REQUEST, textReader)).toEqual(THINGS);
  });

  it('ends with the signal, and leaves nothing behind for the next one', async () => {
    const controller = new AbortController();
    const peer = new NetlinkPeer(
      reply((request) => datagrams(whole(request), [1, 1])),
      reply((request) => datagrams(whole(request), [1, 1])),
    );
    const connection = new NetlinkConnection(peer);
    let read = 0;
    const aborting = {
      read(): void {
        read++;
        controller.abort(new Error('enough'));
      },
      result: () => '',
    };
    await expect(connection.dump(REQUEST, () => aborting, controller.signal)).rejects.toThrow('enough');
    expect(read).toBe(1);
    await expect(connection.dump(REQUEST, textReader, controller.signal)).rejects.toThrow('enough');
    expect(await connection.dump(REQUEST, textReader)).toEqual(THINGS);
  });

  it('waits for the one before it, whatever becomes of that', async () => {
    const peer = new NetlinkPeer(
      reply((request) => datagrams([acknowledgement(request, ENOENT)])),
      reply((request) => datagrams(whole(request))),
    );
    const connection = new NetlinkConnection(peer);
    const dumps = [connection.dump(REQUEST, textReader), connection.dump(REQUEST, textReader)];
    expect(peer.sent.length).toBeLessThan(2);
    expect((await Promise.allSettled(dumps)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('loses nothing to a request made while it is read', async () => {
    const acknowledge = reply((request) => datagrams([acknowledgement(request)]));
    const peer = new NetlinkPeer(
      reply((request) => datagrams(whole(request), [1, 1, 1])),
      acknowledge,
    );
    const connection = new NetlinkConnection(peer);
    const { read, result } = textReader();
    const slow = {
      read(message: NetlinkMessage): void {
        // Longer than a piece of work may take.
        for (const end = performance.now() + 10; performance.now() < end; );
        read(message);
      },
      result,
    };
    const dump = connection.dump(REQUEST, () => slow);
    await setImmediate();
    expect(connection.request(REQUEST)).toEqual([]);
    expect(await dump).toEqual(THINGS);
  });

  it('does not let its reader make requests, whose answers would overwrite what is being read', async () => {
    const answer = reply((request) => datagrams(whole(request)));
    const connection = new NetlinkConnection(new NetlinkPeer(answer, answer));
    const asking = { read: () => void connection.request(REQUEST), result: () => '' };
    await expect(connection.dump(REQUEST, () => asking)).rejects.toThrow(/^BUG: /);
  });
});

describe('an exchange', () => {
  /** A datagram of `count` messages, the first and the last of which the kernel need not acknowledge. */
  function batch(connection: NetlinkConnection, count: number, size = 4): Uint8Array {
    const writer = new MessageWriter();
    const first = connection.takeSequences(count);
    for (let sequence = first; sequence < first + count; sequence++) {
      const message = writer.beginMessage(0x10, NLM_F_REQUEST, sequence);
      writer.raw(new Uint8Array(size));
      writer.endMessage(message);
    }
    return writer.bytes();
  }

  const acknowledgeAll: Reply = (sent) =>
    datagrams(
      sent.map((message) => acknowledgement(message)),
      [1],
    );

  it.each([
    ['small', 4],
    ['large', 300 * 1024],
  ])('has every answer to a %s datagram', async (_, size) => {
    const peer = new NetlinkPeer((sent) => {
      const stale = { ...first(sent), sequence: 4_000_000_000 };
      const answers = sent.map((message, index) =>
        index === 1 ? acknowledgement(message, ENOENT, 'no such thing') : acknowledgement(message),
      );
      return datagrams([acknowledgement(stale, EBUSY), ...answers], [1, 1]);
    });
    const connection = new NetlinkConnection(peer);
    expect(await connection.exchange(batch(connection, 3, size))).toEqual([
      { sequence: 1, errno: 0, detail: '' },
      { sequence: 2, errno: ENOENT, detail: 'no such file or directory (ENOENT): no such thing' },
      { sequence: 3, errno: 0, detail: '' },
    ]);
  });

  it('may have no answer at all', async () => {
    const connection = new NetlinkConnection(new NetlinkPeer(() => []));
    expect(await connection.exchange(batch(connection, 1))).toEqual([]);
  });

  it('fails if answers were lost, unless an error is left', async () => {
    const peer = new NetlinkPeer(
      (sent) => [lost(), ...acknowledgeAll(sent)],
      (sent) => [lost(), ...datagrams([acknowledgement(first(sent), ENOENT)])],
    );
    const connection = new NetlinkConnection(peer);
    await expect(connection.exchange(batch(connection, 2))).rejects.toMatchObject({ errno: ENOBUFS });
    expect(await connection.exchange(batch(connection, 2))).toMatchObject([{ sequence: 3, errno: ENOENT }]);
  });
});

describe('a connection', () => {
  it('never gives out the sequence number 0, nor one twice in a row', () => {
    const connection = new NetlinkConnection(new NetlinkPeer());
    expect([connection.takeSequences(3), connection.takeSequences(1)]).toEqual([1, 4]);
    const half = 0x80000000;
    expect([connection.takeSequences(half), connection.takeSequences(half)]).toEqual([5, 1]);
  });

  it('disposes of its transport', () => {
    const peer = new NetlinkPeer();
    new NetlinkConnection(peer)[Symbol.dispose]();
    expect(peer.isDisposed).toBe(true);
  });

  it('brings to an end what is under way before it disposes of its transport', async () => {
    const peer = new NetlinkPeer(reply((request) => datagrams(whole(request))));
    const connection = new NetlinkConnection(peer);
    const dump = connection.dump(REQUEST, textReader);
    connection[Symbol.dispose]();
    expect(peer.isDisposed).toBe(false);
    expect(await dump).toEqual(THINGS);
    expect(peer.isDisposed).toBe(true);
  });

  it('gives a value or a KernelError, whatever arrives', async () => {
    const mutated = fc.tuple(fc.nat(400), fc.nat(255));
    const arrivals = fc.record({
      random: fc.array(fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant('lost'))),
      mutations: fc.array(mutated, { maxLength: 5 }),
      sizes: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ random, mutations, sizes }) => {
        const answer: Reply = (sent) => {
          const request = first(sent);
          const good = datagrams(
            [part(request, new Uint8Array(9)), acknowledgement(request, ENOENT, 'no'), done(request, ENOENT)],
            sizes,
          );
          for (const [at, value] of mutations) {
            for (const bytes of good) if (at < bytes.length) bytes[at] = value;
          }
          return [...random.map((each) => (typeof each === 'string' ? lost() : each)), ...good];
        };
        const open = () => new NetlinkConnection(new NetlinkPeer(...Array<Reply>(MAX_ATTEMPTS).fill(answer)));
        const dumped = await open()
          .dump(REQUEST, textReader)
          .catch((error: unknown) => error);
        const requested = await Promise.resolve()
          .then(() => open().request(REQUEST))
          .catch((error: unknown) => error);
        const connection = open();
        const exchanged = await connection.exchange(batchOfOne(connection)).catch((error: unknown) => error);
        for (const outcome of [dumped, requested, exchanged]) {
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(KernelError);
        }
      }),
    );
  });
});

function interrupted(message: NetlinkMessage): NetlinkMessage {
  return { ...message, flags: message.flags | NLM_F_DUMP_INTR };
}

function batchOfOne(connection: NetlinkConnection): Uint8Array {
  const writer = new MessageWriter();
  writer.endMessage(writer.beginMessage(0x10, NLM_F_REQUEST, connection.takeSequences(1)));
  return writer.bytes();
}
