import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { decodeMessages, NLM_F_DUMP_INTR } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import {
  acknowledgement,
  datagrams,
  done,
  lost,
  NetlinkPeer,
  part,
  type Reply,
} from '../../testing/netlink-peer.ts';
import { ConntrackTable } from './client.ts';
import { CTA } from './constants.ts';
import type { ConntrackEntry } from './contract.ts';
import { encodeFamily, encodeTuple } from './message.ts';

const { EBUSY, EINVAL, ENOENT, EOPNOTSUPP, EPERM } = constants.errno;
const CT_GET = 0x101;
const CT_DELETE = 0x102;
const CTA_ID = 12;
const DNS = { ip: '172.30.0.1', port: 53 };
const never = new AbortController().signal;
const all = () => true;

/** To 172.30.0.1:53, answered by 10.0.0.1:5353, from the client of this number. */
function listed(
  client: number,
  destination: ConntrackEntry['destination'] = DNS,
  status?: number,
): Uint8Array {
  const writer = new MessageWriter();
  const source = { ip: `10.9.0.${client}`, port: 1000 };
  encodeFamily(writer, 'IPv4');
  encodeTuple(writer, CTA.TUPLE_ORIG, 'IPv4', 'UDP', { source, destination });
  const answering = { source: { ip: '10.0.0.1', port: 5353 }, destination: source };
  encodeTuple(writer, CTA.TUPLE_REPLY, 'IPv4', 'UDP', answering);
  if (status !== undefined) writer.u32be(CTA.STATUS, status);
  writer.u32be(CTA_ID, client);
  return writer.bytes();
}

/** Lists these entries. */
function lists(entries: readonly Uint8Array[], flags = 0): Reply {
  return ([request]) => {
    if (request === undefined) throw new Error('BUG: nothing was sent');
    return datagrams([...entries.map((entry) => part(request, entry, flags)), done(request)], [1]);
  };
}

/** Refuses the request, or the one of several, of this number. */
function refuses(errno: number, index = 0): Reply {
  return (sent) => datagrams(sent.slice(index, index + 1).map((request) => acknowledgement(request, errno)));
}

const deletes: Reply = () => [];

/** @param lists what a kernel answers that is asked for entries, and then one that is told to delete some */
function open(lists: readonly Reply[], deletions: readonly Reply[] = []) {
  const peers = [new NetlinkPeer(...deletions), new NetlinkPeer(...lists)] as const;
  const sockets: NetlinkPeer[] = [...peers];
  const table = new ConntrackTable('IPv4', () => sockets.shift() ?? expect.fail('a socket too many'));
  const cut = (isChosen: (entry: ConntrackEntry) => boolean = all, signal = never) =>
    table.applyDeletion({ protocol: 'UDP', destination: DNS }, isChosen, signal);
  const [deletion, listing] = peers;
  const cutWaiting = () => table.applyDeletion({ protocol: 'UDP', isUnreplied: true }, all, never);
  return {
    cut,
    cutWaiting,
    listed: () => listing.sent.flatMap(decodeMessages),
    deleted: () => deletion.sent.flatMap(decodeMessages),
    areClosed: () => peers.every(({ isDisposed }) => isDisposed),
  };
}

describe('ConntrackTable', () => {
  it('deletes what is chosen, by addresses and id', async () => {
    const {
      cut,
      listed: asked,
      deleted,
      areClosed,
    } = open([lists([listed(1), listed(2)])], [deletes, deletes]);
    expect(await cut()).toBe(2);
    expect(asked().map(({ type }) => type)).toEqual([CT_GET]);
    expect(deleted().map(({ type }) => type)).toEqual([CT_DELETE, CT_DELETE]);
    const id = [8, 0, CTA_ID, 0, 0, 0, 0, 1];
    expect([...(deleted()[0]?.payload ?? [])]).toEqual([...listed(1).subarray(0, 4 + 0x34), ...id]);
    expect(areClosed()).toBe(true);
  });

  it('deletes nothing when nothing is chosen, and asks once about entries that are alike', async () => {
    const { cut, deleted } = open([lists([listed(1), listed(2)])]);
    const asked: ConntrackEntry[] = [];
    expect(await cut((entry) => asked.push(entry) < 0)).toBe(0);
    expect(asked).toEqual([
      { protocol: 'UDP', destination: DNS, replySource: { ip: '10.0.0.1', port: 5353 } },
    ]);
    expect(deleted()).toEqual([]);
  });

  it('does not ask about entries that a kernel lists in spite of the filter', async () => {
    const { cut } = open([lists([listed(1, { ip: '172.30.0.1', port: 54 })])]);
    expect(await cut()).toBe(0);
  });

  it.each([EINVAL, EOPNOTSUPP])('lists everything when the filter is refused: error %d', async (errno) => {
    const { cut, listed: asked } = open([refuses(errno), lists([listed(1)])], [deletes]);
    expect(await cut()).toBe(1);
    const [filtered, unfiltered] = asked().map(({ payload }) => payload.length);
    expect(filtered).toBeGreaterThan(4);
    expect(unfiltered).toBe(4);
  });

  it.each<[string, Reply, string]>([
    ['may not be listed', refuses(EPERM), 'operation not permitted (EPERM)'],
    ['changed meanwhile', lists([listed(1)], NLM_F_DUMP_INTR), 'dump interrupted (NLM_F_DUMP_INTR)'],
    ['have no end', () => [], 'the dump ended without NLMSG_DONE'],
    ['got lost', () => [lost()], 'no buffer space available (ENOBUFS)'],
  ])('fails when the entries %s', async (_, reply, detail) => {
    const { cut, areClosed } = open([reply]);
    await expect(cut()).rejects.toThrow(`list IPv4 conntrack entries UDP to 172.30.0.1:53: ${detail}`);
    expect(areClosed()).toBe(true);
  });

  it('has deleted what it saw when the rest gets lost', async () => {
    const first: Reply = (sent) => [...lists([listed(1), listed(2)])(sent).slice(0, 1), lost()];
    const { cut, deleted } = open([first], [deletes]);
    await expect(cut()).rejects.toThrow('ENOBUFS');
    expect(deleted()).toHaveLength(1);
  });

  it('does not count what was gone already', async () => {
    const { cut } = open([lists([listed(1), listed(2), listed(3)])], [deletes, refuses(ENOENT, 1)]);
    expect(await cut()).toBe(2);
  });

  it('says which entry could not be deleted, and deletes the others', async () => {
    const { cut, deleted, areClosed } = open(
      [lists([listed(1), listed(2), listed(3)])],
      [refuses(EBUSY), deletes],
    );
    await expect(cut()).rejects.toMatchObject({
      message:
        'delete IPv4 conntrack entry UDP 10.9.0.1:1000 to 172.30.0.1:53: resource busy or locked (EBUSY)',
      errno: EBUSY,
    });
    expect(deleted()).toHaveLength(3);
    expect(areClosed()).toBe(true);
  });

  it('looks again at what nobody had answered, right before it is deleted', async () => {
    const [waiting, answered] = [0x8, 0xa];
    const entries = [1, 2, 3].map((client) => listed(client, DNS, waiting));
    const says =
      (payload: Uint8Array): Reply =>
      ([request]) => {
        if (request === undefined) throw new Error('BUG: nothing was sent');
        return datagrams([part(request, payload), acknowledgement(request, 0)], [1]);
      };
    const { cutWaiting, deleted } = open(
      [lists(entries)],
      [says(listed(1, DNS, waiting)), deletes, says(listed(2, DNS, answered)), refuses(ENOENT)],
    );
    expect(await cutWaiting()).toBe(1);
    expect(deleted().map(({ type }) => type)).toEqual([CT_GET, CT_DELETE, CT_GET, CT_GET]);
    expect(deleted().at(1)?.payload).toEqual(deleted().at(0)?.payload);
  });

  it('lists what matches, with where it came from', async () => {
    const other = listed(2, { ip: '172.30.0.1', port: 54 });
    const peer = new NetlinkPeer(lists([listed(1), other]));
    const filter = { protocol: 'UDP', destination: DNS } as const;
    expect(await new ConntrackTable('IPv4', () => peer).observe(never, filter)).toEqual([
      {
        protocol: 'UDP',
        source: { ip: '10.9.0.1', port: 1000 },
        destination: DNS,
        replySource: { ip: '10.0.0.1', port: 5353 },
      },
    ]);
    expect(peer.isDisposed).toBe(true);
  });

  it('lists everything without a filter', async () => {
    const peer = new NetlinkPeer(lists([listed(1), listed(2)]));
    expect(await new ConntrackTable('IPv4', () => peer).observe(never)).toHaveLength(2);
    expect(peer.sent.flatMap(decodeMessages).map(({ payload }) => payload.length)).toEqual([4]);
  });

  it('ends with the signal', async () => {
    const { cut, deleted, areClosed } = open([lists([listed(1), listed(2)])], [deletes]);
    const stop = new AbortController();
    const isChosen = () => {
      stop.abort(new Error('enough'));
      return true;
    };
    await expect(cut(isChosen, stop.signal)).rejects.toThrow('enough');
    expect(deleted()).toHaveLength(1);
    expect(areClosed()).toBe(true);
  });
});
