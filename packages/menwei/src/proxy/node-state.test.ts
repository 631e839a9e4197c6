import type { IpFamily } from '@menwei/addresses/ip.ts';
import { aNode, aNodeView } from '@menwei/testing/services/testing.ts';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { addProxyFlags, givenFlags } from '../config/flags.ts';
import { resolveSettings } from '../config/resolve.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { type MachineView, NodeState, type OwnAddress } from './node-state.ts';

const INTERFACES = ['127.0.0.1', '192.168.0.2', '203.0.113.9', '::1', 'fd00:99::2'];

function open(
  flags: readonly string[],
  interfaceAddresses = () => INTERFACES,
  localAddresses: (family: IpFamily) => readonly string[] = () => [],
  ownAddress?: OwnAddress,
  found: MachineView['found'] = () => undefined,
): NodeState {
  const command = addProxyFlags(new Command());
  command.parse(flags, { from: 'user' });
  const resolved = resolveSettings({ flags: givenFlags(command), hostname: 'node-a' });
  if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
  return new NodeState(resolved.settings, {
    all: interfaceAddresses,
    local: localAddresses,
    own: ownAddress,
    found,
  });
}

const node = aNode({
  zone: 'zone-1',
  podCIDRs: ['10.1.0.0/24', 'fd00:10:1::/64'],
  addresses: ['192.168.0.2', 'fd00:99::2'],
});

describe('NodeState', () => {
  it('knows little as long as the Node is unknown', () => {
    const state = open([]);
    expect(state.node).toBeUndefined();
    expect(state.view('IPv4')).toEqual(aNodeView({ ip: '127.0.0.1' }));
  });

  it('takes the zone, the addresses and the pod CIDRs from the Node, each family its own', () => {
    const state = open(['--detect-local-mode=NodeCIDR']);
    state.update(node);
    expect(state.view('IPv4')).toEqual(
      aNodeView({
        zone: 'zone-1',
        ip: '192.168.0.2',
        ownIP: '192.168.0.2',
        podCIDR: '10.1.0.0/24',
        detectLocal: { by: 'cidr', cidr: '10.1.0.0/24' },
      }),
    );
    expect(state.view('IPv6')).toEqual(
      aNodeView({
        family: 'IPv6',
        zone: 'zone-1',
        ip: 'fd00:99::2',
        ownIP: 'fd00:99::2',
        podCIDR: 'fd00:10:1::/64',
        detectLocal: { by: 'cidr', cidr: 'fd00:10:1::/64' },
      }),
    );
  });

  it.each([
    ['192.168.0.2', undefined, '192.168.0.2'],
    ['192.168.0.2', '203.0.113.9', '192.168.0.2'],
    // Of the cloud's network, which translates it.
    ['198.51.100.2', '203.0.113.9', '203.0.113.9'],
    ['198.51.100.2', undefined, undefined],
    ['127.0.0.1', undefined, undefined],
  ])('of node %s, found by %s: its own is %s', (address, foundIP, ownIP) => {
    const found = foundIP === undefined ? undefined : { ip: foundIP, by: 'the default route' };
    const state = open([], undefined, undefined, undefined, () => found);
    state.update(aNode({ addresses: [address] }));
    expect(state.view('IPv4')).toMatchObject({ ip: address, ownIP });
  });

  it('passes over the Nodes of others', () => {
    const state = open([]);
    state.update(node);
    state.update({ ...node, name: 'node-b', zone: 'zone-2' });
    expect(state.node).toBe(node);
  });

  it('follows the Node', () => {
    const state = open([]);
    state.update(node);
    state.update({ ...node, zone: 'zone-2' });
    expect(state.view('IPv4').zone).toBe('zone-2');
  });

  it('goes by the last Node after that was deleted, and not by those of others', () => {
    const state = open([]);
    const objects = new ObjectTables('node-a');
    const onNode = vi.fn();
    state.follow(objects, onNode);
    onNode.mockClear();
    objects.put(node);
    objects.put({ ...node, name: 'node-b', zone: 'zone-2' });
    objects.delete(node);
    expect([state.view('IPv4').zone, onNode.mock.calls.length]).toEqual(['zone-1', 2]);
  });

  it('knows the ranges of cluster IPs, each family its own', () => {
    const state = open([]);
    const objects = new ObjectTables('node-a');
    const ref = { kind: 'ServiceCIDR', namespace: '' } as const;
    objects.put({ ...ref, name: 'kubernetes', cidrs: ['172.30.0.0/16', 'fd00:30::/112'] });
    objects.put({ ...ref, name: 'more', cidrs: ['10.96.0.0/12'] });
    objects.put(node);
    state.follow(objects);
    expect(state.node).toBe(node);
    expect(state.view('IPv4').serviceCIDRs).toEqual(['10.96.0.0/12', '172.30.0.0/16']);
    expect(state.view('IPv6').serviceCIDRs).toEqual(['fd00:30::/112']);
    objects.delete({ ...ref, name: 'more' });
    expect(state.view('IPv4').serviceCIDRs).toEqual(['172.30.0.0/16']);
  });

  it('asks for the addresses of the machine only if the settings need them', () => {
    const asked = vi.fn(() => INTERFACES);
    const unanswered = '--load-balancer-answer=none';
    expect(open([unanswered], asked).view('IPv4')).toMatchObject({
      nodePortAddresses: 'all',
      ownIP: undefined,
    });
    expect(asked).not.toHaveBeenCalled();
    const restricted = open([unanswered, '--nodeport-addresses=192.168.0.0/16'], asked);
    expect(restricted.view('IPv4').nodePortAddresses).toEqual(['192.168.0.2']);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('looks at the addresses of the machine anew each time', () => {
    let addresses = ['192.168.0.2'];
    const state = open(['--nodeport-addresses=192.168.0.0/16'], () => addresses);
    expect(state.view('IPv4').nodePortAddresses).toEqual(['192.168.0.2']);
    addresses = ['192.168.0.3', '192.168.0.2'];
    expect(state.view('IPv4').nodePortAddresses).toEqual(['192.168.0.2', '192.168.0.3']);
  });

  it('has the local addresses of each family as they are given, without a copy', () => {
    const lists = { IPv4: ['192.168.0.2'], IPv6: ['fd00:99::2'] };
    const state = open([], undefined, (family) => lists[family]);
    expect(state.view('IPv4').localAddresses).toBe(lists.IPv4);
    expect(state.view('IPv6').localAddresses).toBe(lists.IPv6);
    expect(open([]).view('IPv4').localAddresses).toEqual([]);
  });

  it.each([
    [[], [], { IPv4: [], IPv6: [] }],
    [[], ['192.168.0.2', 'fd00:99::2'], { IPv4: ['192.168.0.2'], IPv6: ['fd00:99::2'] }],
    [[], ['192.168.0.9', '192.168.0.2'], { IPv4: ['192.168.0.2', '192.168.0.9'], IPv6: [] }],
    [
      ['--bind-address=192.168.0.7'],
      ['192.168.0.2', '192.168.0.7'],
      { IPv4: ['192.168.0.2', '192.168.0.7'], IPv6: [] },
    ],
    [['--bind-address=fd00:99::7'], [], { IPv4: [], IPv6: ['fd00:99::7'] }],
  ])('with flags %j and Node addresses %j knows the addresses %j', (flags, addresses, known) => {
    const state = open(flags);
    state.update({ ...node, addresses });
    expect({ IPv4: state.knownAddresses('IPv4'), IPv6: state.knownAddresses('IPv6') }).toEqual(known);
  });

  it.each([
    [[], undefined],
    [['--nodeport-addresses=192.168.0.0/16'], undefined],
    [['--nodeport-addresses=fd00::/8'], undefined],
    [['--nodeport-addresses=primary'], "no interface has the node's address 192.168.0.7"],
    [
      ['--nodeport-addresses=192.0.2.48/28,198.51.100.0/24,fd00::/8'],
      'no address of this node matches nodePortAddresses 192.0.2.48/28, 198.51.100.0/24',
    ],
  ])('with flags %j says %j of who reaches NodePorts', (flags, obstacle) => {
    const state = open(flags);
    state.update({ ...node, addresses: ['192.168.0.7'] });
    expect(state.nodePortObstacle('IPv4')).toBe(obstacle);
  });

  it.each([
    [[], '192.168.0.2', undefined],
    [['192.168.0.2'], '192.168.0.2', undefined],
    [
      ['192.168.0.7'],
      '192.168.0.2',
      "no interface has the node's address 192.168.0.7; taking 192.168.0.2 instead",
    ],
    [
      ['192.168.0.7'],
      undefined,
      "no interface has the node's address 192.168.0.7; no other address can stand in for it",
    ],
    [[], undefined, undefined],
  ])(
    'for a mode that listens itself, with Node addresses %j on the machine %s',
    (addresses, own, obstacle) => {
      const state = open([], undefined, undefined, (_family, stated) => (stated === own ? stated : own));
      state.update({ ...node, addresses });
      expect(state.view('IPv4').ip).toBe(own);
      expect(state.addressObstacle('IPv4')).toBe(obstacle);
    },
  );

  it('takes the address of the Node for right where nobody listens there', () => {
    const state = open([]);
    state.update({ ...node, addresses: ['192.168.0.7'] });
    expect(state.view('IPv4').ip).toBe('192.168.0.7');
    expect(state.addressObstacle('IPv4')).toBeUndefined();
  });

  it('takes "primary" for the addresses of the Node', () => {
    const state = open(['--nodeport-addresses=primary']);
    state.update(node);
    expect(state.view('IPv4').nodePortAddresses).toEqual(['192.168.0.2']);
    expect(state.view('IPv6').nodePortAddresses).toEqual(['fd00:99::2']);
  });
});
