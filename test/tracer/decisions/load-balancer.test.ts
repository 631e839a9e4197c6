/** Load-balancer addresses: who may use them, and which ones get rules at all. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { describe, expect, it } from 'vitest';
import { MODES, MODES_AND_FAMILIES } from '../modes.ts';
import {
  aTestbed,
  type Expected,
  expectedIn,
  HOSTS,
  type PortOfFields,
  portOf,
  type Sender,
} from '../testbed.ts';

/** `client` is within the first one, `client2` is not; `node` and `otherNode` are within the second one. */
const CLIENTS: Readonly<Record<IpFamily, string>> = { IPv4: '203.0.113.0/25', IPv6: '2001:db8::/64' };
const NODES: Readonly<Record<IpFamily, string>> = { IPv4: '192.168.0.0/24', IPv6: 'fd00:192::/64' };

describe.each(MODES_AND_FAMILIES)('source ranges, %s, %s', (mode, family) => {
  const sendWith = (ranges: readonly string[] | undefined, fields: PortOfFields = {}) => {
    const port = portOf(family, {
      everywhere: true,
      endpoints: ['here', 'elsewhere'],
      loadBalancerSourceRanges: ranges,
      ...fields,
    });
    return aTestbed(mode, family, { ports: [port] }).send;
  };

  it.each<[Sender, string, string]>([
    ['client', 'vip:80', '1* 2*'],
    ['client2', 'vip:80', 'DROP'],
    ['pod', 'vip:80', 'DROP'],
    ['node', 'vip:80', 'DROP'],
    ['vip', 'vip:80', 'DROP'],
    // They are for load-balancer addresses alone.
    ['client2', 'node:30080', '1* 2*'],
    ['client2', 'externalIP:80', '1* 2*'],
    ['client2', 'clusterIP:80', '1* 2*'],
    // Only the port of the Service is closed.
    ['client2', 'vip:81', 'untouched'],
    ['client2', 'vip:80/UDP', 'untouched'],
  ])('of clients: from %s to %s: %s', (from, to, expected) => {
    expect(sendWith([CLIENTS[family]])(from, to)).toBe(expected);
  });

  it.each<[Sender, string, string]>([
    ['client', 'vip:80', '1* 2*'],
    ['client2', 'vip:80', 'DROP'],
    ['node', 'vip:80', '1* 2*'],
    ['otherNode', 'vip:80', '1* 2*'],
    ['pod', 'vip:80', 'DROP'],
    // The node may well have the VIP on an interface, and sends to it from itself then.
    ['vip', 'vip:80', '1* 2*'],
  ])('of clients and nodes: from %s to %s: %s', (from, to, expected) => {
    expect(sendWith([CLIENTS[family], NODES[family]])(from, to)).toBe(expected);
  });

  it.each<[Sender, string, string]>([
    ['client', 'vip:80', 'DROP'],
    ['pod', 'vip:80', 'DROP'],
    ['node', 'vip:80', 'DROP'],
    ['vip', 'vip:80', 'DROP'],
    ['client', 'node:30080', '1* 2*'],
    ['client', 'externalIP:80', '1* 2*'],
    ['client', 'clusterIP:80', '1* 2*'],
  ])('that hold nobody: from %s to %s: %s', (from, to, expected) => {
    expect(sendWith([])(from, to)).toBe(expected);
  });

  it.each<[Sender, string, string]>([
    ['client', 'vip:80', '1'],
    ['client2', 'vip:80', 'DROP'],
    ['node', 'vip:80', '1* 2*'],
    ['pod', 'vip:80', 'DROP'],
    ['client2', 'node:30080', '1'],
  ])('under a Local policy: from %s to %s: %s', (from, to, expected) => {
    expect(sendWith([CLIENTS[family], NODES[family]], { externalPolicyLocal: true })(from, to)).toBe(
      expected,
    );
  });

  it.each<[Sender, string, string]>([
    ['client', 'vip:80', 'DROP'],
    ['client2', 'vip:80', 'DROP'],
    ['node', 'vip:80', '2*'],
  ])('under a Local policy without local endpoints: from %s to %s: %s', (from, to, expected) => {
    const { vip } = HOSTS[family];
    const fields = { externalPolicyLocal: true, endpoints: ['unreadyHere', 'elsewhere'] as const };
    expect(sendWith([CLIENTS[family], NODES[family]], { ...fields, loadBalancerVIPs: [vip] })(from, to)).toBe(
      expected,
    );
  });

  it.each<[Sender, string, Expected]>([
    ['client', 'vip:80', 'REJECT'],
    // nftables asks for the source before anything else, iptables only once there is an endpoint (KQ-16).
    ['client2', 'vip:80', { iptables: 'REJECT', nftables: 'DROP' }],
    ['client2', 'externalIP:80', 'REJECT'],
  ])('without any endpoint: from %s to %s: %j', (from, to, expected) => {
    expect(sendWith([CLIENTS[family]], { endpoints: [] })(from, to)).toBe(expectedIn(mode, expected));
  });

  it('of an address that is an external IP too', () => {
    // iptables only lets nobody in by the load balancer's rules; nftables closes the address.
    const send = sendWith([CLIENTS[family]], { externalIPs: [HOSTS[family].vip] });
    expect(send('client', 'vip:80')).toBe('1* 2*');
    expect(send('client2', 'vip:80')).toBe(expectedIn(mode, { iptables: '1* 2*', nftables: 'DROP' }));
  });

  it('hold for all addresses of the load balancer', () => {
    const { vip, vip2 } = HOSTS[family];
    const send = sendWith([CLIENTS[family], NODES[family]], { loadBalancerVIPs: [vip, vip2] });
    expect([send('client', 'vip2:80'), send('client2', 'vip2:80')]).toEqual(['1* 2*', 'DROP']);
    expect([send('vip', 'vip2:80'), send('vip2', 'vip:80')]).toEqual(['1* 2*', '1* 2*']);
  });

  it('allow everybody when there are none', () => {
    expect(sendWith(undefined)('client2', 'vip:80')).toBe('1* 2*');
  });
});

describe.each(MODES)('addresses of a load balancer with ipMode, %s', (mode) => {
  it.each([
    ['VIP', '1*'],
    // The load balancer is asked for, wherever the packet comes from.
    ['Proxy', 'untouched'],
  ] as const)('%s: %s', (ipMode, expected) => {
    const tracker = new TrackedFamily({ family: 'IPv4', nodeName: 'node-a', startedAtMs: 0 });
    const ports = [{ nodePort: 30080 }];
    const loadBalancerIngress = [{ ip: HOSTS.IPv4.vip, ipMode }];
    tracker.put(aService({ type: 'LoadBalancer', ports, loadBalancerIngress }));
    tracker.put(aSlice({ endpoints: ['10.180.0.1'] }));
    tracker.takeChanges();
    const { send } = aTestbed(mode, 'IPv4', { ports: [...tracker.ports.values()] });
    expect([send('client', 'vip:80'), send('client', 'node:30080')]).toEqual([expected, '1*']);
  });
});
