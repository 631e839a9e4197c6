import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { NetlinkConnection } from '../../connection.ts';
import { decodeMessages, type NetlinkMessage } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { hex } from '../../testing/bytes.ts';
import {
  acknowledgement,
  datagrams,
  done,
  lost,
  NetlinkPeer,
  part,
  type Reply,
} from '../../testing/netlink-peer.ts';
import { Ipvs } from './client.ts';
import type { Destination, Frontend, IpvsEdit, VirtualServer } from './contract.ts';
import { encodeEdit } from './encoder.ts';

const { EEXIST, ENOENT, EPERM } = constants.errno;
const signal = new AbortController().signal;
const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 80 };
const WEB_6: Frontend = { ...WEB, family: 'IPv6', ip: 'fd00:96::1' };
const POD: Destination = { ip: '10.180.0.2', port: 8080, weight: 1, forwarding: 'masquerade' };
const IPVS_TYPE = 0x21;
const NO_COUNTERS = { connections: 0n, packetsIn: 0n, packetsOut: 0n, bytesIn: 0n, bytesOut: 0n };

const found: Reply = answer(hex('01 02 0000 0600 0100 2100 0000'));

/** The kernel is asked for the number of the family first. */
function open(...replies: readonly Reply[]) {
  const peer = new NetlinkPeer(found, ...replies);
  const ipvs = new Ipvs(new NetlinkConnection(peer));
  return { ipvs, peer, asked: () => peer.sent.slice(1).map(decodeMessages) };
}

function only(sent: readonly NetlinkMessage[]): NetlinkMessage {
  const [request] = sent;
  if (request === undefined) throw new Error('BUG: nothing was sent');
  return request;
}

function answer(...payloads: readonly Uint8Array[]): Reply {
  return (sent) => {
    const request = only(sent);
    return datagrams([...payloads.map((payload) => ({ ...request, payload })), acknowledgement(request)]);
  };
}

function lists(...payloads: readonly Uint8Array[]): Reply {
  return (sent) => {
    const request = only(sent);
    return datagrams([...payloads.map((payload) => part(request, payload)), done(request)], [1, 1]);
  };
}

/** The messages with these places, each in a datagram of its own. */
function refuses(errno: number, ...indexes: readonly number[]): Reply {
  return (sent) =>
    datagrams(
      indexes.map((index) => acknowledgement(only(sent.slice(index)), errno)),
      indexes.map(() => 1),
    );
}

function payloadOf(edit: IpvsEdit): Uint8Array {
  const writer = new MessageWriter();
  encodeEdit(writer, IPVS_TYPE, 1, edit);
  return only(decodeMessages(writer.bytes())).payload;
}

function serverOf(frontend: Frontend): VirtualServer {
  return { frontend, scheduler: 'rr', flags: 0, timeoutSeconds: 0 };
}

const add = (frontend: Frontend): IpvsEdit => ({ change: 'add-server', server: serverOf(frontend) });
const many = Array.from({ length: 1000 }, (_, port) => add({ ...WEB, port }));

describe('apply', () => {
  it('asks for the family, and then for nothing when there is nothing to do', async () => {
    const { ipvs, asked } = open();
    expect(await ipvs.apply([], signal)).toEqual([]);
    expect(asked()).toEqual([]);
  });

  it('sends all changes as one datagram, of which only refusals are answered', async () => {
    const edits: readonly IpvsEdit[] = [
      add(WEB),
      { change: 'add-destination', frontend: WEB, destination: POD },
      { change: 'remove-server', frontend: WEB },
    ];
    const { ipvs, asked } = open(() => []);
    expect(await ipvs.apply(edits, signal)).toEqual([]);
    expect(asked()).toMatchObject([
      edits.map((edit) => ({ type: IPVS_TYPE, flags: 1, payload: payloadOf(edit) })),
    ]);
  });

  it('tells which changes were refused, and why', async () => {
    const edits: readonly IpvsEdit[] = [
      add(WEB),
      { change: 'set-destination', frontend: WEB, destination: POD },
      { change: 'remove-server', frontend: { family: 'IPv6', mark: 7 } },
    ];
    const { ipvs } = open(refuses(EEXIST, 0, 1, 2));
    const refusals = await ipvs.apply(edits, signal);
    expect(refusals.map(({ edit }) => edit)).toEqual(edits);
    expect(refusals.map(({ error }) => [error.errno, error.message])).toEqual([
      [EEXIST, 'add virtual server TCP 10.96.0.1:80: file already exists (EEXIST)'],
      [
        EEXIST,
        'set destination 10.180.0.2:8080 of virtual server TCP 10.96.0.1:80: file already exists (EEXIST)',
      ],
      [EEXIST, 'remove virtual server mark 7 IPv6: file already exists (EEXIST)'],
    ]);
  });

  it('sends many changes as several datagrams', async () => {
    const { ipvs, asked } = open(...many.map(() => refuses(EEXIST, 0)));
    const refusals = await ipvs.apply(many, signal);
    const ports = asked().flat();
    expect(ports.map(({ payload }) => payload)).toEqual(many.map(payloadOf));
    expect(asked().length).toBeGreaterThan(1);
    expect(refusals).toHaveLength(asked().length);
    expect(refusals[0]?.edit).toBe(many[0]);
  });

  it('stops between two datagrams with the signal', async () => {
    const stop = new AbortController();
    const { ipvs, asked } = open(() => {
      stop.abort(new Error('enough'));
      return [];
    });
    await expect(ipvs.apply(many, stop.signal)).rejects.toThrow('enough');
    expect(asked()).toHaveLength(1);
  });

  it('fails when answers are lost', async () => {
    await expect(open(() => [lost()]).ipvs.apply([add(WEB)], signal)).rejects.toThrow('ENOBUFS');
  });
});

describe('observe', () => {
  it('virtual servers of one family, by the number that IPVS has now', async () => {
    const moved = answer(hex('01 02 0000 0600 0100 2200 0000'));
    const { ipvs, asked } = open(moved, lists(payloadOf(add(WEB)), payloadOf(add(WEB_6))));
    expect(await ipvs.observeServers('IPv6', signal)).toEqual([serverOf(WEB_6)]);
    expect(asked()[1]).toMatchObject([{ type: 0x22, flags: 0x301, payload: hex('04010000') }]);
  });

  it.each(['IPv4', 'IPv6'] as const)(
    'virtual servers of %s again when the list was in disorder',
    async (family) => {
      const disorder = lists(payloadOf(add(WEB)), payloadOf(add(WEB)));
      const order = lists(payloadOf(add(WEB)), payloadOf(add(WEB_6)));
      const { ipvs } = open(found, disorder, order);
      expect(await ipvs.observeServers(family, signal)).toEqual([serverOf(family === 'IPv4' ? WEB : WEB_6)]);
    },
  );

  it('nothing from a list that stays in disorder', async () => {
    const disorder = lists(payloadOf(add(WEB)), payloadOf(add(WEB)));
    const { ipvs } = open(found, ...Array<Reply>(5).fill(disorder));
    await expect(ipvs.observeServers('IPv4', signal)).rejects.toThrow(
      'list IPv4 virtual servers: dump interrupted 5 times (the kernel reordered its table)',
    );
  });

  it('destinations of one virtual server', async () => {
    const lead = (port: number) =>
      payloadOf({ change: 'add-destination', frontend: WEB, destination: { ...POD, port } });
    const { ipvs, asked } = open(lists(lead(1), lead(2)), lists(lead(3)));
    const seen = await ipvs.observeDestinations(WEB, signal);
    expect(seen.map(({ port }) => port)).toEqual([1, 2]);
    const identity = payloadOf({ change: 'remove-server', frontend: WEB }).subarray(4);
    expect(asked()).toMatchObject([[{ payload: new Uint8Array([...hex('08010000'), ...identity]) }]]);
    expect(await ipvs.observeDestinationCounters(WEB, signal)).toEqual(
      new Map([['10.180.0.2:3', NO_COUNTERS]]),
    );
  });

  it('counters of virtual servers', async () => {
    const { ipvs } = open(found, lists(payloadOf(add(WEB)), payloadOf(add(WEB_6))));
    expect(await ipvs.observeServerCounters('IPv4', signal)).toEqual(
      new Map([['TCP 10.96.0.1:80', NO_COUNTERS]]),
    );
  });

  it('timeouts, and change them', () => {
    const timeouts = { tcpSeconds: 1, tcpFinSeconds: 2, udpSeconds: 3 };
    const body = '0800 0400 01000000  0800 0500 02000000  0800 0600 03000000';
    const { ipvs, asked } = open(answer(hex(`0c010000 ${body}`)), answer());
    expect(ipvs.observeTimeouts()).toEqual(timeouts);
    ipvs.applyTimeouts(timeouts);
    expect(asked()).toMatchObject([[{ payload: hex('0d010000') }], [{ payload: hex(`0c010000 ${body}`) }]]);
  });

  it('leaves others a turn when much is read, piece by piece', async () => {
    const slow: Reply = (sent) => {
      const end = performance.now() + 10;
      while (performance.now() < end);
      return lists()(sent);
    };
    const { ipvs } = open(slow, slow);
    let hadTurn = false;
    setImmediate(() => {
      hadTurn = true;
    });
    await ipvs.observeDestinations(WEB, signal);
    await ipvs.observeDestinations(WEB, signal);
    expect(hadTurn).toBe(true);
  });

  it('says what could not be read', async () => {
    const { ipvs } = open(found, refuses(EPERM, 0), refuses(EPERM, 0), refuses(EPERM, 0), answer());
    await expect(ipvs.observeServers('IPv4', signal)).rejects.toThrow(
      'list IPv4 virtual servers: operation not permitted (EPERM)',
    );
    await expect(ipvs.observeDestinations(WEB, signal)).rejects.toThrow(
      'list destinations of virtual server TCP 10.96.0.1:80: operation not permitted (EPERM)',
    );
    expect(() => ipvs.observeTimeouts()).toThrow('observe timeouts of IPVS: ');
    expect(() => ipvs.observeInfo()).toThrow('observe version of IPVS: the kernel acknowledged but');
  });
});

it('closes its connection, also when there is no IPVS', () => {
  const { ipvs, peer } = open();
  ipvs[Symbol.dispose]();
  expect(peer.isDisposed).toBe(true);
  const other = new NetlinkPeer(refuses(ENOENT, 0));
  expect(() => new Ipvs(new NetlinkConnection(other))).toThrow('this kernel has no such family');
  expect(other.isDisposed).toBe(true);
});
