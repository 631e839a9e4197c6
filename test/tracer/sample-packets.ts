/** Packets for the tests of the interpreters. */
import type { Packet } from '@menwei/netfilter/trace/packet.ts';

export const passing: Packet = {
  protocol: 'TCP',
  source: '203.0.113.5',
  destination: '172.30.0.1',
  destinationPort: 80,
  inInterface: 'eth0',
};
export const toNode: Packet = { ...passing, destination: '192.168.0.2' };
export const fromNode: Packet = { ...passing, source: '192.168.0.2', inInterface: undefined };
export const withinNode: Packet = { ...fromNode, destination: '192.168.0.2' };
export const invalid: Packet = { ...passing, connectionState: 'INVALID' };
