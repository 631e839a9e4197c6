import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes, decodeText, encodeAttributes } from '../../attribute.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { decodeMessages, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_EXCL } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { NFGENMSG_SIZE, NO_FAMILY } from '../../nfnetlink.ts';
import {
  acknowledge,
  acknowledgement,
  datagrams,
  done,
  NetlinkPeer,
  part,
  type Reply,
} from '../../testing/netlink-peer.ts';
import { KernelIpSets } from './client.ts';
import { IPSET_ATTR, IPSET_CMD, IPSET_ERR } from './constants.ts';
import type { SetEdit, SetShape } from './contract.ts';
import { encodeEntry } from './entry.ts';

const { EEXIST, EINTR, ENOENT, EPERM } = constants.errno;
const signal = new AbortController().signal;
const shape: SetShape = { name: 'suite', type: 'hash:ip', family: 'IPv4', maxEntries: 1000 };
const create: SetEdit = { change: 'create', shape };
const add = (...entries: readonly string[]): SetEdit => ({ change: 'add', shape, entries });

function clientOf(...replies: readonly Reply[]): {
  readonly client: KernelIpSets;
  readonly peer: NetlinkPeer;
} {
  const peer = new NetlinkPeer(...replies);
  return { client: new KernelIpSets(new NetlinkConnection(peer)), peer };
}

function payload(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.raw(NO_FAMILY);
  write(writer);
  return writer.bytes().slice();
}

/** Answers a single request. */
function answer(write: (writer: MessageWriter) => void): Reply {
  return ([request]) =>
    request === undefined
      ? []
      : datagrams([{ ...request, payload: payload(write) }, acknowledgement(request)]);
}

function typeAnswer(lowest: number, highest: number): Reply {
  return answer((writer) => {
    writer.u8(IPSET_ATTR.REVISION, highest);
    writer.u8(IPSET_ATTR.REVISION_MIN, lowest);
  });
}

function headerAnswer(type: string, family: number): Reply {
  return answer((writer) => {
    writer.text(IPSET_ATTR.TYPENAME, type);
    writer.u8(IPSET_ATTR.FAMILY, family);
  });
}

/** A list of the set in as many messages as there are lists of entries; the first says what it is. */
function list(entries: readonly (readonly string[])[], flags = 0): Reply {
  return ([request]) => {
    if (request === undefined) return [];
    const messages = entries.map((some, index) =>
      part(
        request,
        payload((writer) => {
          writer.text(IPSET_ATTR.SETNAME, shape.name);
          if (index === 0) writeShape(writer);
          const all = writer.beginNested(IPSET_ATTR.ADT);
          for (const entry of some) encodeEntry(writer, shape, entry);
          writer.endNested(all);
        }),
        flags,
      ),
    );
    return datagrams([...messages, done(request)], [1, 1]);
  };
}

function writeShape(writer: MessageWriter): void {
  writer.text(IPSET_ATTR.TYPENAME, shape.type);
  writer.u8(IPSET_ATTR.FAMILY, 2);
  const data = writer.beginNested(IPSET_ATTR.DATA);
  writer.u32be(19, shape.maxEntries);
  writer.endNested(data);
}

const noSuchSet: Reply = ([request]) => (request === undefined ? [] : datagrams([done(request, ENOENT)]));

/** What was sent: the type of each message with its attributes. */
function sent(peer: NetlinkPeer) {
  return peer.sent.flatMap(decodeMessages).map(({ type, flags, payload }) => ({
    type,
    flags,
    body: decodeAttributes(payload.subarray(NFGENMSG_SIZE)),
  }));
}

describe('create', () => {
  it.each([
    [0, 6, 4],
    [0, 2, 2],
    [5, 9, 5],
  ])('of a type with revisions %d to %d takes revision %d', async (lowest, highest, revision) => {
    const { client, peer } = clientOf(typeAnswer(lowest, highest), acknowledge(), acknowledge());
    // It is asked for once.
    expect(await client.apply([create, create], signal)).toEqual([]);
    const [, ...creations] = sent(peer);
    for (const { type, flags, body } of creations) {
      expect(type).toBe(IPSET_CMD.CREATE);
      expect(flags & NLM_F_EXCL).toBe(NLM_F_EXCL);
      expect(body.get(IPSET_ATTR.REVISION)).toEqual(new Uint8Array([revision]));
    }
  });

  it.each<[string, number, string | undefined]>([
    ['hash:ip', 2, undefined],
    ['hash:ip', 10, 'hash:ip (IPv6)'],
    ['hash:net', 2, 'hash:net (IPv4)'],
    ['list:set', 0, 'list:set'],
  ])('finds a set of type %s and family %d', async (type, family, found) => {
    const { client } = clientOf(typeAnswer(0, 6), acknowledge({ 0: EEXIST }), headerAnswer(type, family));
    const refusals = await client.apply([create], signal);
    const words = `create set suite: there is one of this name, of type ${found} instead of hash:ip (IPv4)`;
    expect(refusals.map(({ error }) => error.message)).toEqual(found === undefined ? [] : [words]);
  });

  it.each<[number, string]>([
    [IPSET_ERR.FIND_TYPE, 'the kernel has no sets of this type (IPSET_ERR_FIND_TYPE)'],
    [EPERM, 'operation not permitted (EPERM)'],
    [4242, 'error 4242'],
  ])('fails with error %d in words: %s', async (errno, words) => {
    const { client } = clientOf(acknowledge({ 0: errno }), typeAnswer(0, 6), acknowledge({ 0: errno }));
    for (const object of ['type of sets hash:ip', 'set suite']) {
      const [refusal] = await client.apply([create], signal);
      expect(refusal?.edit).toBe(create);
      expect(refusal?.error).toMatchObject({ object, detail: words, errno });
    }
  });
});

describe('add and remove', () => {
  it('send nothing for nothing', async () => {
    const { client, peer } = clientOf();
    expect(await client.apply([add()], signal)).toEqual([]);
    expect(peer.sent).toEqual([]);
  });

  it('of several sets are one datagram', async () => {
    const { client, peer } = clientOf(acknowledge());
    const remove: SetEdit = { change: 'remove', shape: { ...shape, name: 'other' }, entries: ['10.0.0.1'] };
    expect(await client.apply([add('10.0.0.1', '10.0.0.2'), remove], signal)).toEqual([]);
    expect(peer.sent).toHaveLength(1);
    expect(sent(peer).map(({ type, flags }) => [type, flags & (NLM_F_ACK | NLM_F_EXCL)])).toEqual([
      [IPSET_CMD.ADD, NLM_F_ACK],
      [IPSET_CMD.DEL, NLM_F_ACK],
    ]);
  });

  it('are tried entry by entry where the kernel refused one', async () => {
    const { client, peer } = clientOf(
      acknowledge({ 0: IPSET_ERR.HASH_FULL }),
      acknowledge({ 1: IPSET_ERR.HASH_FULL, 2: EPERM, 3: IPSET_ERR.HASH_FULL }),
    );
    const entries = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
    const refusals = await client.apply([add(...entries)], signal);
    expect(peer.sent).toHaveLength(2);
    expect(refusals.map(({ edit, error }) => [edit, error.message])).toEqual([
      [
        add('10.0.0.2', '10.0.0.4'),
        'add 10.0.0.2 and 1 more to set suite: the set is full (IPSET_ERR_HASH_FULL)',
      ],
      [add('10.0.0.3'), 'add 10.0.0.3 to set suite: operation not permitted (EPERM)'],
    ]);
  });

  it('are given up as a whole where there is no set', async () => {
    const { client, peer } = clientOf(acknowledge({ 0: ENOENT }));
    const refusals = await client.apply([add('10.0.0.1', '10.0.0.2')], signal);
    expect(peer.sent).toHaveLength(1);
    expect(refusals.map(({ edit, error }) => [edit, error.message])).toEqual([
      [add('10.0.0.1', '10.0.0.2'), 'add 10.0.0.1 and 1 more to set suite: there is no such set (ENOENT)'],
    ]);
  });

  it('fail when an answer is missing', async () => {
    const silent: Reply = ([first]) => (first === undefined ? [] : datagrams([acknowledgement(first)]));
    const { client } = clientOf(silent);
    const other: SetEdit = { change: 'remove', shape: { ...shape, name: 'other' }, entries: ['10.0.0.2'] };
    await expect(client.apply([add('10.0.0.1'), other], signal)).rejects.toThrow(
      'remove 10.0.0.2 from set other: no answer from the kernel',
    );
  });

  it('end with the signal between datagrams', async () => {
    const end = new AbortController();
    const { client } = clientOf((messages) => {
      end.abort('enough');
      return acknowledge()(messages);
    });
    const many = Array.from({ length: 40_000 }, (_, index) => `10.0.${index >> 8}.${index & 0xff}`);
    await expect(client.apply([add(...many)], end.signal)).rejects.toBe('enough');
  });
});

describe('observe', () => {
  const names = ['suite'];

  it('puts together what comes in pieces', async () => {
    const { client, peer } = clientOf(list([['10.0.0.1', '10.0.0.2'], [], ['10.0.0.3']]), noSuchSet);
    expect(await client.observe(['suite', 'nowhere'], signal)).toEqual(
      new Map([['suite', { shape, entries: new Set(['10.0.0.1', '10.0.0.2', '10.0.0.3']) }]]),
    );
    const asked = sent(peer).map(({ body }) => decodeText(body.get(IPSET_ATTR.SETNAME) ?? new Uint8Array()));
    expect(asked).toEqual(['suite', 'nowhere']);
  });

  it('begins again when the set was changed meanwhile', async () => {
    const { client } = clientOf(list([['10.0.0.1']], NLM_F_DUMP_INTR), list([['10.0.0.2']]));
    expect((await client.observe(names, signal)).get('suite')?.entries).toEqual(new Set(['10.0.0.2']));
  });

  it.each<[string, Reply, object]>([
    ['nothing at all', list([]), { message: 'observe set suite: the kernel said nothing of it' }],
    ['an error', acknowledge({ 0: EPERM }), { errno: EPERM }],
    [
      'endless disturbance',
      acknowledge({ 0: EINTR }),
      { message: expect.stringContaining('dump interrupted 5 times') },
    ],
  ])('fails with %s', async (_, reply, error) => {
    const { client } = clientOf(reply, reply, reply, reply, reply);
    await expect(client.observe(names, signal)).rejects.toMatchObject({ name: 'KernelError', ...error });
  });
});

describe('any answer', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.tuple(fc.nat(11), fc.uint8Array({ maxLength: 24 })), { maxLength: 8 })
      .map((attributes) => new Uint8Array([...NO_FAMILY, ...encodeAttributes(attributes)])),
  );

  it.each<[string, (client: KernelIpSets) => Promise<unknown>]>([
    ['to observe', (client) => client.observe(['suite'], signal)],
    ['to observe sizes', (client) => client.observeSizes(signal)],
    ['to create', (client) => client.apply([create], signal)],
  ])('%s gives a value or KernelError', async (_, ask) => {
    await fc.assert(
      fc.asyncProperty(bytes, async (answered) => {
        const reply: Reply = ([request]) => {
          if (request === undefined) return [];
          return datagrams([part(request, answered), done(request), acknowledgement(request)]);
        };
        const { client } = clientOf(reply, reply);
        await ask(client).catch((error: unknown) => expect(error).toBeInstanceOf(KernelError));
      }),
    );
  });
});
