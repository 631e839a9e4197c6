import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  acknowledgement,
  datagrams,
  done,
  lost,
  NetlinkPeer,
  part,
  type Reply,
} from '../fake/netlink-peer.ts';
import { FlowTable } from './conntrack.ts';
import { CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, encodeFamily, encodeTuple } from './conntrack-codec.ts';
import type { Flow } from './conntrack-flow.ts';
import type { FlowSocket } from './conntrack-socket.ts';
import { decodeMessages, type NetlinkMessage, NLM_F_DUMP_INTR } from './message.ts';
import { MessageWriter } from './message-writer.ts';

const { EBUSY, EINVAL, ENOENT, EOPNOTSUPP } = constants.errno;
const CT_GET = 0x101;
const CT_DELETE = 0x102;
const CTA_ID = 12;
const DNS = { ip: '172.30.0.1', port: 53 };
const never = new AbortController().signal;
const all = () => true;

/** To 172.30.0.1:53, answered by 10.0.0.1:5353, from the client of this number. */
function listed(client: number, destination: Flow['destination'] = DNS): Uint8Array {
  const writer = new MessageWriter();
  const source = { ip: `10.9.0.${client}`, port: 1000 };
  encodeFamily(writer, 'IPv4');
  encodeTuple(writer, CTA_TUPLE_ORIG, 'IPv4', 'UDP', { source, destination });
  const answering = { source: { ip: '10.0.0.1', port: 5353 }, destination: source };
  encodeTuple(writer, CTA_TUPLE_REPLY, 'IPv4', 'UDP', answering);
  writer.u32be(CTA_ID, client);
  return writer.bytes();
}

/** Lists these flows. */
function lists(flows: readonly Uint8Array[], flags = 0): Reply {
  return ([request]) => {
    if (request === undefined) throw new Error('BUG: nothing was sent');
    return datagrams([...flows.map((flow) => part(request, flow, flags)), done(request)], [1]);
  };
}

/** Refuses the request, or the one of several, of this number. */
function refuses(errno: number, index = 0): Reply {
  return (sent) => datagrams(sent.slice(index, index + 1).map((request) => acknowledgement(request, errno)));
}

const deletes: Reply = () => [];

function open(...replies: readonly Reply[]) {
  const peer = new NetlinkPeer(...replies);
  const socket: FlowSocket = Object.assign(peer, { receiveAside: async () => peer.receive() });
  const table = new FlowTable('IPv4', () => socket);
  const cut = (isChosen: (flow: Flow) => boolean = all, signal = never) =>
    table.applyDeletion({ protocol: 'UDP', destination: DNS }, isChosen, signal);
  const sent = (): readonly (readonly NetlinkMessage[])[] => peer.sent.map(decodeMessages);
  return { peer, cut, sent };
}

describe('FlowTable', () => {
  it('deletes what is chosen, by addresses and id', async () => {
    const { cut, sent, peer } = open(lists([listed(1), listed(2)]), deletes);
    expect(await cut()).toBe(2);
    const [listing, deletion] = sent();
    expect(listing?.map(({ type }) => type)).toEqual([CT_GET]);
    expect(deletion?.map(({ type, sequence }) => [type, sequence])).toEqual([
      [CT_DELETE, 2],
      [CT_DELETE, 3],
    ]);
    const [first] = deletion ?? [];
    const id = [8, 0, CTA_ID, 0, 0, 0, 0, 1];
    expect([...(first?.payload ?? [])]).toEqual([...listed(1).subarray(0, 4 + 0x34), ...id]);
    expect(peer.isDisposed).toBe(true);
  });

  it('sends nothing more when nothing is chosen, and asks once about flows that are alike', async () => {
    const { cut, sent } = open(lists([listed(1), listed(2)]));
    const asked: Flow[] = [];
    expect(await cut((flow) => asked.push(flow) < 0)).toBe(0);
    expect(asked).toEqual([
      { protocol: 'UDP', destination: DNS, replySource: { ip: '10.0.0.1', port: 5353 } },
    ]);
    expect(sent()).toHaveLength(1);
  });

  it('does not ask about flows that a kernel lists in spite of the filter', async () => {
    const { cut } = open(lists([listed(1, { ip: '172.30.0.1', port: 54 })]));
    expect(await cut()).toBe(0);
  });

  it.each([EINVAL, EOPNOTSUPP])('lists everything when the filter is refused: error %d', async (errno) => {
    const { cut, sent } = open(refuses(errno), lists([listed(1)]), deletes);
    expect(await cut()).toBe(1);
    const [filtered, unfiltered] = sent().map(([request]) => request?.payload.length ?? 0);
    expect(filtered).toBeGreaterThan(4);
    expect(unfiltered).toBe(4);
  });

  it.each<[string, Reply, string]>([
    ['the table changed meanwhile', lists([listed(1)], NLM_F_DUMP_INTR), 'it was changed meanwhile'],
    ['the list has no end', () => [], 'the answer of the kernel has no end'],
    ['something was lost', () => [lost()], 'no buffer space available (ENOBUFS)'],
  ])('fails when %s', async (_, reply, detail) => {
    const { cut, peer } = open(reply);
    await expect(cut()).rejects.toThrow(`list IPv4 flows UDP to 172.30.0.1:53: ${detail}`);
    expect(peer.isDisposed).toBe(true);
  });

  it('does not count what was gone already', async () => {
    const { cut } = open(lists([listed(1), listed(2)]), refuses(ENOENT, 1));
    expect(await cut()).toBe(1);
  });

  it('says which flow could not be deleted', async () => {
    const { cut, peer } = open(lists([listed(1), listed(2)]), refuses(EBUSY, 1));
    await expect(cut()).rejects.toMatchObject({
      message: 'delete IPv4 flow UDP 10.9.0.2:1000 to 172.30.0.1:53: resource busy or locked (EBUSY)',
      errno: EBUSY,
    });
    expect(peer.isDisposed).toBe(true);
  });

  it('says what could not be listed', async () => {
    const { cut } = open(refuses(constants.errno.EPERM));
    await expect(cut()).rejects.toThrow(
      'list IPv4 flows UDP to 172.30.0.1:53: operation not permitted (EPERM)',
    );
  });

  it('sends many deletions in several datagrams', async () => {
    const count = 5_000;
    const flows = Array.from({ length: count }, (_, index) => listed(index % 250));
    const { cut, sent } = open(lists(flows), deletes, deletes);
    expect(await cut()).toBe(count);
    const [, ...batches] = sent();
    expect(batches.map((batch) => batch.length).reduce((sum, size) => sum + size, 0)).toBe(count);
  });

  it('ends with the signal', async () => {
    const { cut, sent } = open(lists([listed(1)]), deletes);
    const stop = new AbortController();
    const isChosen = () => {
      stop.abort(new Error('enough'));
      return true;
    };
    await expect(cut(isChosen, stop.signal)).rejects.toThrow('enough');
    expect(sent()).toHaveLength(1);
  });
});
