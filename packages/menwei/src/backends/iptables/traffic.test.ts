import { expect, it } from 'vitest';
import { countConnections } from './traffic.ts';

it('adds up what the rules of a service port count, and passes over others', () => {
  const rules = [
    '-A KUBE-SERVICES -d 172.30.0.1/32 -p tcp -m comment --comment "ns/web:http cluster IP -c 9 9 -j KUBE-SVC-B" -m tcp --dport 80 -c 5 300 -j KUBE-SVC-A',
    '-A KUBE-SERVICES -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -c 2 120 -j KUBE-EXT-A',
    '-A KUBE-SERVICES -d 172.30.0.2/32 -p udp -m udp --dport 53 -c 7 420 -j KUBE-SVC-B',
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -c 90 9000 -j KUBE-NODEPORTS',
    '-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -c 1 60 -j KUBE-EXT-A',
  ];
  const owners = new Map([
    ['KUBE-SVC-A', 'ns/web/TCP'],
    ['KUBE-EXT-A', 'ns/web/TCP'],
    ['KUBE-SVC-B', 'ns/dns/UDP'],
  ]);
  expect(countConnections(rules, (chain) => owners.get(chain))).toEqual(
    new Map([
      ['ns/web/TCP', { connections: 8 }],
      ['ns/dns/UDP', { connections: 7 }],
    ]),
  );
});
