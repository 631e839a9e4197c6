/** What service ports put into sets, and into the one chain that they fill. */

import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import {
  endpoints,
  HERE,
  IDLE,
  joinedBy,
  membersOf,
  UNREADY,
  unitOf,
} from '@menwei/testing/backends/ipvs/testing.ts';
import { aNodeView, type ServicePortFields } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../kubernetes/objects.ts';

const CLUSTER_IP = '172.30.0.1';
const EXTERNAL = { externalIPs: ['198.51.100.1'], nodePort: 30080 } as const;

describe('members of sets', () => {
  it.each<[string, Partial<ServicePortFields>, readonly string[]]>([
    ['cluster IP', {}, ['CLUSTER-IP 172.30.0.1,tcp:80']],
    ['UDP', { protocol: 'UDP' }, ['CLUSTER-IP 172.30.0.1,udp:80']],
    [
      'external IP',
      { externalIPs: ['198.51.100.1'] },
      ['CLUSTER-IP 172.30.0.1,tcp:80', 'EXTERNAL-IP 198.51.100.1,tcp:80'],
    ],
    [
      'external IP, eTP Local',
      { externalIPs: ['198.51.100.1'], externalPolicyLocal: true },
      ['CLUSTER-IP 172.30.0.1,tcp:80', 'EXTERNAL-IP-LOCAL 198.51.100.1,tcp:80'],
    ],
    [
      'load balancer',
      { loadBalancerVIPs: ['198.51.100.2'] },
      ['CLUSTER-IP 172.30.0.1,tcp:80', 'LOAD-BALANCER 198.51.100.2,tcp:80'],
    ],
    [
      'load balancer, eTP Local',
      { loadBalancerVIPs: ['198.51.100.2'], externalPolicyLocal: true },
      [
        'CLUSTER-IP 172.30.0.1,tcp:80',
        'LOAD-BALANCER 198.51.100.2,tcp:80',
        'LOAD-BALANCER-LOCAL 198.51.100.2,tcp:80',
      ],
    ],
    ['NodePort', { clusterIP: undefined, nodePort: 30080 }, ['NODE-PORT-TCP 30080']],
    [
      'NodePort, eTP Local',
      { clusterIP: undefined, nodePort: 30080, externalPolicyLocal: true, protocol: 'UDP' },
      ['NODE-PORT-UDP 30080', 'NODE-PORT-LOCAL-UDP 30080'],
    ],
    [
      'NodePort, SCTP',
      { clusterIP: undefined, nodePort: 30080, externalPolicyLocal: true, protocol: 'SCTP' },
      [
        'NODE-PORT-SCTP-HASH 10.180.0.254,sctp:30080',
        'NODE-PORT-LOCAL-SCTP-HASH 10.180.0.254,sctp:30080',
        'NODE-PORT-SCTP-HASH 192.0.2.1,sctp:30080',
        'NODE-PORT-LOCAL-SCTP-HASH 192.0.2.1,sctp:30080',
      ],
    ],
    ['health check', { clusterIP: undefined, healthCheckNodePort: 31000 }, ['HEALTH-CHECK-NODE-PORT 31000']],
  ])('%s', (_title, fields, members) => {
    expect(joinedBy(unitOf(fields))).toEqual(members);
  });

  it('list every virtual server', () => {
    const unit = unitOf({ ...EXTERNAL, loadBalancerVIPs: ['198.51.100.2'], protocol: 'UDP' });
    expect(membersOf(unit, 'MENWEI-VIRTUAL-SERVERS')).toEqual(
      unit.servers.map(({ server: { frontend } }) => {
        return 'mark' in frontend ? '' : `${frontend.ip},udp:${frontend.port}`;
      }),
    );
  });

  it('list what is on the interface', () => {
    const unit = unitOf({ ...EXTERNAL, loadBalancerVIPs: ['198.51.100.2'] });
    expect(unit.addresses).toEqual([CLUSTER_IP, '198.51.100.1', '198.51.100.2']);
    expect(membersOf(unit, 'KUBE-IPVS-IPS')).toEqual(unit.addresses);
  });

  it('are called otherwise in IPv6', () => {
    const node = aNodeView({ family: 'IPv6', localAddresses: ['2001:db8::1'] });
    const fields = {
      clusterIP: 'fd00::1',
      nodePort: 30080,
      protocol: 'SCTP',
      externalPolicyLocal: true,
    } as const;
    expect(joinedBy(unitOf(fields, node, { family: 'IPv6' }))).toEqual([
      '6-CLUSTER-IP fd00::1,sctp:80',
      '6-NODE-PORT-SCTP-HASH 2001:db8::1,sctp:30080',
      '6-NODE-PORT-LOCAL-SCTP-HAS 2001:db8::1,sctp:30080',
    ]);
  });
});

describe('source ranges', () => {
  const fields = {
    loadBalancerVIPs: ['198.51.100.2'],
    externalIPs: ['198.51.100.1'],
    protocol: 'UDP',
  } as const;

  it.each<[string, readonly string[] | undefined, readonly string[], readonly string[]]>([
    ['none', undefined, [], []],
    [
      'that hold nobody',
      [],
      ['LOAD-BALANCER-FW 198.51.100.2,udp:80'],
      ['-s 198.51.100.2 -m ipvs --vaddr 198.51.100.2 --vproto udp --vport 80 -j DROP'],
    ],
    [
      'without the node',
      ['203.0.113.0/25', '203.0.113.200/32'],
      [
        'LOAD-BALANCER-FW 198.51.100.2,udp:80',
        'LOAD-BALANCER-SOURCE-CIDR 198.51.100.2,udp:80,203.0.113.0/25',
        'LOAD-BALANCER-SOURCE-CIDR 198.51.100.2,udp:80,203.0.113.200',
      ],
      ['-s 198.51.100.2 -m ipvs --vaddr 198.51.100.2 --vproto udp --vport 80 -j DROP'],
    ],
    [
      'with the node',
      ['192.0.2.0/24'],
      [
        'LOAD-BALANCER-FW 198.51.100.2,udp:80',
        'LOAD-BALANCER-SOURCE-CIDR 198.51.100.2,udp:80,192.0.2.0/24',
        'LOAD-BALANCER-SOURCE-IP 198.51.100.2,udp:80,198.51.100.2',
      ],
      [],
    ],
  ])('%s', (_title, loadBalancerSourceRanges, members, outFilterRules) => {
    const unit = unitOf({ ...fields, loadBalancerSourceRanges });
    expect(joinedBy(unit).filter((line) => /FW|SOURCE/.test(line))).toEqual(members);
    expect(unit.outFilterRules.map(formatHeldRule)).toEqual(outFilterRules);
  });
});

describe('pods that may be sent to themselves', () => {
  const named = (...numbers: readonly number[]) => numbers.map((n) => `10.0.0.${n},tcp:80,10.0.0.${n}`);

  it.each<[string, Partial<ServicePortFields>, readonly string[]]>([
    ['those here', { endpoints: endpoints({}, HERE, HERE) }, named(2, 3)],
    [
      'only those that get connections',
      { endpoints: endpoints(HERE, { ...HERE, ...UNREADY }, { ...HERE, ...IDLE }) },
      named(1),
    ],
    [
      'once, whatever the frontends',
      { ...EXTERNAL, externalPolicyLocal: true, endpoints: endpoints({}, HERE) },
      named(2),
    ],
    [
      'those of the external policy',
      { ...EXTERNAL, clusterIP: undefined, endpoints: endpoints({}, HERE) },
      named(2),
    ],
    [
      'none that is forwarded directly',
      { balancing: { ...DEFAULT_BALANCING, forwarding: 'direct' }, endpoints: endpoints(HERE) },
      [],
    ],
    [
      'but by NodePort, which never is',
      {
        nodePort: 30080,
        balancing: { ...DEFAULT_BALANCING, forwarding: 'direct' },
        endpoints: endpoints(HERE),
      },
      named(1),
    ],
  ])('%s', (_title, fields, members) => {
    expect(membersOf(unitOf(fields), 'KUBE-LOOP-BACK')).toEqual(members);
  });
});
