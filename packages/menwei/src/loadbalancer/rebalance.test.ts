import { anAnnouncedService, anAnnouncer } from '@menwei/testing/announce/election.ts';
import { expect, it } from 'vitest';
import { Election } from '../announce/election/election.ts';
import { planMoves, withoutClaims } from './rebalance.ts';

/** By rank, node-3 has the IPv4 address, and so both of the Service. */
it('moves what is not where it comes first, the addresses of a Service together', () => {
  const services = [
    anAnnouncedService('web', { addresses: ['192.0.2.100', '2001:db8::100'] }),
    anAnnouncedService('free', { addresses: ['192.0.2.101'] }),
  ];
  const claims = new Map([
    ['192.0.2.100', 1],
    ['2001:db8::100', 1],
  ]);
  const nodes = [anAnnouncer('node-1', { claims }), anAnnouncer('node-2'), anAnnouncer('node-3')];
  const [current, ideal] = [nodes, nodes.map(withoutClaims)].map((nodes) => {
    const election = new Election({ announcesWithoutEndpoints: false });
    for (const service of services) election.putService(service);
    for (const node of nodes) election.putNode(node);
    election.decide();
    return election;
  });
  if (current === undefined || ideal === undefined) throw new Error('BUG: there are two');
  const addresses = ['192.0.2.100', '2001:db8::100'];
  const move = { addresses, services: ['ns/web'], from: 'node-1', to: 'node-3' };
  expect(planMoves(current, ideal, () => true)).toEqual([move]);
  expect(planMoves(current, ideal, () => false)).toEqual([]);
  expect(planMoves(ideal, ideal, () => true)).toEqual([]);
});
