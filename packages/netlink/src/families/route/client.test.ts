import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { NetlinkConnection } from '../../connection.ts';
import { decodeMessages } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import {
  acknowledge,
  acknowledgement,
  datagrams,
  done,
  NetlinkPeer,
  part,
  type Reply,
} from '../../testing/netlink-peer.ts';
import { KernelLinks } from './client.ts';
import { LINK_HEADER_SIZE, RTM } from './constants.ts';
import type { AddressEdit } from './contract.ts';
import { encodeAddress } from './message.ts';

const { EADDRNOTAVAIL, EEXIST, ENODEV, EOPNOTSUPP, EPERM } = constants.errno;
const signal = new AbortController().signal;

function clientOf(...replies: readonly Reply[]): {
  readonly client: KernelLinks;
  readonly peer: NetlinkPeer;
} {
  const peer = new NetlinkPeer(...replies);
  return { client: new KernelLinks(new NetlinkConnection(peer)), peer };
}

function linkPayload(index: number, name: string, kind?: string): Uint8Array {
  const writer = new MessageWriter();
  const header = new Uint8Array(LINK_HEADER_SIZE);
  header[4] = index;
  writer.raw(header);
  writer.text(3, name);
  if (kind !== undefined) {
    const info = writer.beginNested(18);
    writer.text(1, kind);
    writer.endNested(info);
  }
  return writer.bytes().slice();
}

function linkAnswer(index: number, name: string, kind?: string): Reply {
  return ([request]) => {
    if (request === undefined) return [];
    return datagrams([{ ...request, payload: linkPayload(index, name, kind) }, acknowledgement(request)]);
  };
}

/** A dump of these payloads. */
function list(...payloads: readonly Uint8Array[]): Reply {
  return ([request]) =>
    request === undefined
      ? []
      : datagrams([...payloads.map((payload) => part(request, payload)), done(request)], [1]);
}

function addressPayload(index: number, ip: string): Uint8Array {
  const writer = new MessageWriter();
  encodeAddress(writer, index, ip);
  return writer.bytes().slice();
}

describe('a dummy interface', () => {
  it.each<[string, readonly Reply[]]>([
    ['is made', [acknowledge()]],
    ['may be there', [acknowledge({ 0: EEXIST }), linkAnswer(7, 'dummy0', 'dummy')]],
    // Somebody took it away in between: the next look tells.
    ['may have been there', [acknowledge({ 0: EEXIST }), acknowledge({ 0: ENODEV })]],
  ])('%s', (_, replies) => {
    expect(() => clientOf(...replies).client.applyDummy('dummy0')).not.toThrow();
  });

  it.each<[string, readonly Reply[], object]>([
    [
      'an interface of another kind',
      [acknowledge({ 0: EEXIST }), linkAnswer(7, 'dummy0', 'veth')],
      {
        errno: EEXIST,
        message: 'create dummy interface dummy0: there is an interface of this name of another kind (veth)',
      },
    ],
    ['a kernel without them', [acknowledge({ 0: EOPNOTSUPP })], { errno: EOPNOTSUPP }],
  ])('is not to be had with %s', (_, replies, error) => {
    expect(() => clientOf(...replies).client.applyDummy('dummy0')).toThrow(expect.objectContaining(error));
  });
});

describe('an interface', () => {
  it('has a number', () => {
    expect(clientOf(linkAnswer(7, 'eth0')).client.indexOf('eth0')).toBe(7);
    expect(clientOf(acknowledge({ 0: ENODEV })).client.indexOf('eth0')).toBeUndefined();
    expect(() => clientOf(acknowledge({ 0: EPERM })).client.indexOf('eth0')).toThrow(
      'observe interface eth0',
    );
  });

  it('may be gone when it is removed', () => {
    expect(() => clientOf(acknowledge({ 0: ENODEV })).client.removeLink('eth0')).not.toThrow();
    expect(() => clientOf(acknowledge({ 0: EPERM })).client.removeLink('eth0')).toThrow(
      'remove interface eth0',
    );
  });
});

describe('applyAddresses', () => {
  const add = (ip: string): AddressEdit => ({ change: 'add', ip });
  const remove = (ip: string): AddressEdit => ({ change: 'remove', ip });

  it('makes changes in one datagram, and tells which were refused', async () => {
    const errors = { 0: EEXIST, 1: EADDRNOTAVAIL, 3: EADDRNOTAVAIL, 4: EPERM };
    const { client, peer } = clientOf(linkAnswer(7, 'dummy0'), acknowledge(errors));
    const edits = [add('10.0.0.1'), add('ff02::1'), add('10.0.0.2'), remove('10.0.0.3'), remove('10.0.0.4')];
    const refusals = await client.applyAddresses('dummy0', edits, signal);
    expect(refusals.map(({ edit, error }) => [edit, error.errno, error.message])).toEqual([
      [edits[1], EADDRNOTAVAIL, 'add address ff02::1 to dummy0: address not available (EADDRNOTAVAIL)'],
      [edits[4], EPERM, 'remove address 10.0.0.4 from dummy0: operation not permitted (EPERM)'],
    ]);
    expect(peer.sent).toHaveLength(2);
  });

  it('splits what is much', async () => {
    const { client, peer } = clientOf(linkAnswer(7, 'dummy0'), acknowledge(), acknowledge(), acknowledge());
    const edits = Array.from({ length: 70 }, (_, index) => add(`10.0.0.${index}`));
    expect(await client.applyAddresses('dummy0', edits, signal)).toEqual([]);
    const sent = peer.sent.slice(1).map((datagram) => decodeMessages(datagram).length);
    expect(sent).toEqual([32, 32, 6]);
  });

  it('fails when an answer is missing', async () => {
    const silent: Reply = ([first]) => (first === undefined ? [] : datagrams([acknowledgement(first)]));
    const { client } = clientOf(linkAnswer(7, 'dummy0'), silent);
    await expect(client.applyAddresses('dummy0', [add('10.0.0.1'), add('10.0.0.2')], signal)).rejects.toThrow(
      'add address 10.0.0.2 to dummy0: no answer from the kernel',
    );
  });
});

describe('observeLinks', () => {
  it('lists all interfaces', async () => {
    const { client } = clientOf(list(linkPayload(1, 'lo'), linkPayload(7, 'eth0', 'veth')));
    expect(await client.observeLinks(signal)).toMatchObject([
      { index: 1, name: 'lo', kind: undefined, isUp: false },
      { index: 7, name: 'eth0', kind: 'veth', isUp: false },
    ]);
  });

  it('leaves out what a bridge says of its ports', async () => {
    const port = linkPayload(7, 'eth0');
    port[0] = 7;
    expect(await clientOf(list(linkPayload(1, 'lo'), port)).client.observeLinks(signal)).toHaveLength(1);
  });
});

describe('observeNumberedAddresses', () => {
  it('lists those of both families', async () => {
    const { client, peer } = clientOf(
      list(addressPayload(7, '192.0.2.1')),
      list(addressPayload(9, 'fd00::1')),
    );
    expect(await client.observeNumberedAddresses(signal)).toEqual([
      { index: 7, ip: '192.0.2.1', prefixLength: 32, scope: 'global' },
      { index: 9, ip: 'fd00::1', prefixLength: 128, scope: 'global' },
    ]);
    expect(peer.sent.flatMap(decodeMessages).map(({ type }) => type)).toEqual([RTM.GETADDR, RTM.GETADDR]);
  });
});

describe('observeAddresses', () => {
  it('gives addresses the names of their interfaces', async () => {
    const { client, peer } = clientOf(
      list(linkPayload(1, 'lo'), linkPayload(7, 'eth0')),
      list(addressPayload(7, '192.0.2.1'), addressPayload(9, '192.0.2.9'), addressPayload(1, '127.0.0.1')),
    );
    // The interface with number 9 came into being after the first question.
    expect(await client.observeAddresses('IPv4', signal)).toEqual([
      { interface: 'eth0', ip: '192.0.2.1', prefixLength: 32, scope: 'global' },
      { interface: 'lo', ip: '127.0.0.1', prefixLength: 32, scope: 'global' },
    ]);
    const types = peer.sent.flatMap(decodeMessages).map(({ type }) => type);
    expect(types).toEqual([RTM.GETLINK, RTM.GETADDR]);
  });

  it('sorts out those of one interface, should the kernel not', async () => {
    const replies = [linkAnswer(7, 'eth0'), list(addressPayload(7, 'fd00::1'), addressPayload(8, 'fd00::2'))];
    expect(await clientOf(...replies).client.observeAddresses('IPv6', signal, 'eth0')).toEqual([
      { interface: 'eth0', ip: 'fd00::1', prefixLength: 128, scope: 'global' },
    ]);
  });

  it('finds nothing where there is no such interface', async () => {
    const { client } = clientOf(acknowledge({ 0: ENODEV }));
    expect(await client.observeAddresses('IPv6', signal, 'eth0')).toEqual([]);
  });
});
