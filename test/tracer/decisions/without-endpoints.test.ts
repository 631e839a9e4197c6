/** Every way in to a Service that has no endpoint to offer. */
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import { aTestbed, type Expected, expectedIn, portOf, type Sender } from '../testbed.ts';

describe.each(MODES_AND_FAMILIES)('without any endpoint, %s, %s', (mode, family) => {
  const { send } = aTestbed(mode, family, {
    ports: [portOf(family, { everywhere: true, endpoints: ['unready'] })],
  });
  it.each<[Sender, string, Expected]>([
    ['pod', 'clusterIP:80', 'REJECT'],
    ['node', 'clusterIP:80', 'REJECT'],
    ['client', 'clusterIP:80', 'REJECT'],
    ['pod', 'externalIP:80', 'REJECT'],
    ['client', 'externalIP:80', 'REJECT'],
    ['pod', 'vip:80', 'REJECT'],
    ['client', 'vip:80', 'REJECT'],
    ['pod', 'node:30080', 'REJECT'],
    ['node', 'node:30080', 'REJECT'],
    // In nftables mode localhost has no NodePorts, so nothing is refused there.
    ['localhost', 'localhost:30080', { iptables: 'REJECT', nftables: 'untouched' }],
    ['client', 'node2:30080', 'REJECT'],
    ['client', 'otherNode:30080', 'untouched'],
    ['client', 'node:80', 'untouched'],
    ['client', 'clusterIP:80/UDP', { iptables: 'untouched', nftables: 'REJECT' }],
    // Upstream's iptables OUTPUT does not lead to the external portals: what the node sends is for the network to refuse.
    ['node', 'externalIP:80', { iptables: 'untouched', nftables: 'REJECT' }],
    ['node', 'vip:80', { iptables: 'untouched', nftables: 'REJECT' }],
  ])('from %s to %s: %j', (from, to, expected) => {
    expect(send(from, to)).toBe(expectedIn(mode, expected));
  });
});
