import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { type NetlinkMessage, NLM_F_ACK } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import {
  acknowledgement,
  datagrams,
  done,
  NetlinkPeer,
  part,
  type Reply,
} from '../../testing/netlink-peer.ts';
import { NfTables } from './client.ts';
import { NFT_MSG } from './constants.ts';
import { elementEncoder } from './element.ts';
import { formatKey, parseKey } from './element-text.ts';
import type { SetDeclaration, Transaction } from './model.ts';

const { EBUSY, EINTR, EINVAL, ENOENT } = constants.errno;
const NAME = { family: 'ip', name: 'menwei' } as const;

const TRANSACTION: Transaction = [
  { do: 'flush chain', chain: 'a' },
  { do: 'delete chain', chain: 'a' },
  { do: 'delete set', set: 's' },
];

function clientOf(...replies: readonly Reply[]): NfTables {
  return new NfTables(new NetlinkConnection(new NetlinkPeer(...replies)));
}

/** Answers what wants an answer, with these errors for the messages of a batch, by their places. */
function refuse(errors: Readonly<Record<number, number>>): Reply {
  return (sent) =>
    datagrams(
      sent.flatMap((message, place) => {
        const errno = errors[place] ?? 0;
        const isAnswered = errno !== 0 || (message.flags & NLM_F_ACK) !== 0;
        return isAnswered ? [acknowledgement(message, errno)] : [];
      }),
    );
}

describe('apply', () => {
  it('says what was sent', async () => {
    const peer = new NetlinkPeer(refuse({}));
    const client = new NfTables(new NetlinkConnection(peer));
    const sent = await client.apply(NAME, TRANSACTION);
    expect(sent).toEqual({ messages: 5, bytes: peer.sent[0]?.length });
  });

  it('sends nothing for nothing', async () => {
    expect(await clientOf().apply(NAME, [])).toEqual({ messages: 0, bytes: 0 });
  });

  it.each<[string, Readonly<Record<number, number>>, string, number]>([
    ['the only error', { 2: EBUSY }, 'delete chain a of table ip menwei', EBUSY],
    ['the first of several errors', { 3: ENOENT, 2: EBUSY }, 'delete chain a of table ip menwei', EBUSY],
    ['an error of the whole', { 0: EINVAL }, 'commit transaction of table ip menwei', EINVAL],
    [
      'another generation',
      { 0: 85 },
      'commit transaction of table ip menwei: the ruleset was changed (ERESTART)',
      85,
    ],
  ])('fails with %s', async (_, errors, what, errno) => {
    const failed = clientOf(refuse(errors)).apply(NAME, TRANSACTION);
    await expect(failed).rejects.toBeInstanceOf(KernelError);
    await expect(failed).rejects.toMatchObject({ errno, message: expect.stringContaining(what) });
  });

  it('fails without an answer', async () => {
    await expect(clientOf(() => []).apply(NAME, TRANSACTION)).rejects.toThrow('no answer from the kernel');
  });
});

function payloadOf(request: NetlinkMessage, write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.raw(request.payload.subarray(0, 4));
  write(writer);
  return writer.bytes();
}

/** The kernel's answer to a single request. */
function answer(write: (writer: MessageWriter) => void): Reply {
  return ([request]) => {
    if (request === undefined) return [];
    return datagrams([{ ...request, payload: payloadOf(request, write) }, acknowledgement(request)]);
  };
}

const generation = (number: number) => answer((writer) => writer.u32be(1, number));
const table = answer((writer) => writer.text(1, 'menwei'));
const noSuchThing: Reply = ([request]) =>
  request === undefined ? [] : datagrams([acknowledgement(request, ENOENT)]);
const emptyDump: Reply = ([request]) => (request === undefined ? [] : datagrams([done(request)]));

/** One chain of a table; the kernel gives those of all tables. */
function chainsOf(...tables: readonly string[]): Reply {
  return ([request]) => {
    if (request === undefined) return [];
    const parts = tables.map((name) =>
      part(
        { ...request, type: NFT_MSG.NEWCHAIN },
        payloadOf(request, (writer) => {
          writer.text(1, name);
          writer.text(3, `of ${name}`);
        }),
      ),
    );
    return datagrams([...parts, done(request)]);
  };
}

/** Chains, rules, sets. */
const emptyTable: readonly Reply[] = [table, emptyDump, emptyDump, emptyDump];

describe('observe', () => {
  it('tells when there is no such table', async () => {
    const client = clientOf(generation(7), noSuchThing, generation(7));
    expect(await client.observe(NAME)).toEqual({ content: undefined, generation: 7 });
  });

  it('leaves out the chains of other tables', async () => {
    const chains = chainsOf('other', 'menwei', 'menwei-too');
    const client = clientOf(generation(7), table, chains, emptyDump, emptyDump, generation(7));
    const { content } = await client.observe(NAME);
    expect([...(content?.chains.keys() ?? [])]).toEqual(['of menwei']);
  });

  it('begins again when the ruleset was changed', async () => {
    const client = clientOf(
      generation(7),
      ...emptyTable,
      generation(8),
      generation(8),
      noSuchThing,
      generation(8),
    );
    expect(await client.observe(NAME)).toEqual({ content: undefined, generation: 8 });
  });

  it('begins again when the table vanished meanwhile', async () => {
    const client = clientOf(
      generation(7),
      table,
      emptyDump,
      noSuchThing,
      generation(8),
      generation(8),
      noSuchThing,
      generation(8),
    );
    expect(await client.observe(NAME)).toEqual({ content: undefined, generation: 8 });
  });

  it('takes what it read when the ruleset is changed again and again, and says that it is old', async () => {
    let now = 0;
    const attempt = () => [generation(now++), ...emptyTable, generation(now++)];
    const client = clientOf(...Array.from({ length: 5 }, attempt).flat());
    expect(await client.observe(NAME)).toMatchObject({ content: { table: NAME }, generation: now - 2 });
  });

  it('fails when the kernel does', async () => {
    const client = clientOf(generation(7), table, noSuchThing, generation(7));
    await expect(client.observe(NAME)).rejects.toThrow('observe chains of table ip menwei: ');
  });

  it('ends with the signal', async () => {
    const client = clientOf(generation(7), table);
    await expect(client.observe(NAME, AbortSignal.abort('enough'))).rejects.toBe('enough');
  });
});

describe('elements', () => {
  const set: SetDeclaration = {
    name: 's',
    key: ['inet_service'],
    data: undefined,
    interval: false,
    dynamic: true,
    size: 0,
    comment: '',
  };

  /** A dump in pieces, as the kernel gives large sets. */
  function pieces(...keys: readonly (readonly string[])[]): Reply {
    return ([request]) => {
      if (request === undefined) return [];
      const parts = keys.map((piece) =>
        part(
          request,
          payloadOf(request, (writer) => writeElements(writer, piece)),
        ),
      );
      return datagrams([...parts, done(request)]);
    };
  }

  function writeElements(writer: MessageWriter, keys: readonly string[]): void {
    const list = writer.beginNested(3);
    for (const key of keys)
      elementEncoder(set, 'add')(writer, { key: parseKey(set, key), data: undefined, comment: '' });
    writer.endNested(list);
  }

  it('that came twice stand for others that did not come', async () => {
    const moved = pieces(['1', '2'], ['2', '4']);
    const client = clientOf(moved, moved, pieces(['4', '3'], ['2', '1']));
    const elements = await client.observeDynamicElements(NAME, set);
    expect(elements.map(({ key }) => formatKey(set, key))).toEqual(['4', '3', '2', '1']);
  });

  it('that always come twice are no answer', async () => {
    const client = clientOf(...new Array<Reply>(10).fill(pieces(['1', '2'], ['1'])));
    await expect(client.observeDynamicElements(NAME, set)).rejects.toMatchObject({
      errno: EINTR,
      message: 'observe elements of s of table ip menwei: dump interrupted 10 times (elements were moved)',
    });
  });
});
