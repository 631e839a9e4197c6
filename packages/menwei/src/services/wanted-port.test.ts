import type { IpFamily } from '@menwei/addresses/ip.ts';
import { aLoadBalancer, aService, type ServiceFields } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { Service } from '../kubernetes/objects.ts';
import { readWantedPorts, type WantedPort } from './wanted-port.ts';

const dualStack: ServiceFields = { clusterIPs: { IPv4: '172.30.0.1', IPv6: 'fd00:30::1' } };

describe('readWantedPorts', () => {
  it.each<[string, ServiceFields, IpFamily, string[]]>([
    ['one unnamed port', {}, 'IPv4', ['ns/web/TCP']],
    [
      'named ports',
      { ports: [{ name: 'http' }, { name: 'dns', protocol: 'UDP' }] },
      'IPv4',
      ['ns/web:http/TCP', 'ns/web:dns/UDP'],
    ],
    [
      'one name, two protocols',
      { ports: [{ name: 'dns' }, { name: 'dns', protocol: 'UDP' }] },
      'IPv4',
      ['ns/web:dns/TCP', 'ns/web:dns/UDP'],
    ],
    ['no ports', { ports: [] }, 'IPv4', []],
    ['headless', { clusterIPs: {} }, 'IPv4', []],
    ['ExternalName, even with an address', { type: 'ExternalName' }, 'IPv4', []],
    ["another proxy's", { foreignProxy: true }, 'IPv4', []],
    ['of the other family', {}, 'IPv6', []],
    ['dual stack', dualStack, 'IPv6', ['ns/web/TCP']],
  ])('%s', (_, fields, family, keys) => {
    expect(readWantedPorts(aService(fields), family).map((port) => port.key)).toEqual(keys);
  });

  it('leaves out external IPs where they are not allowed', () => {
    const service = aService({ externalIPs: ['192.0.2.1'] });
    expect(readWantedPorts(service, 'IPv4')).toMatchObject([{ externalIPs: ['192.0.2.1'] }]);
    expect(readWantedPorts(service, 'IPv4', { ignoreExternalIPs: true })).toMatchObject([
      { externalIPs: [] },
    ]);
  });

  it('takes the last of two ports with the same name and protocol', () => {
    const service = aService({
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 82 },
        { name: 'a', port: 81 },
      ],
    });
    const ports = readWantedPorts(service, 'IPv4').map(({ portName, port }) => [portName, port]);
    expect(ports).toEqual([
      ['a', 81],
      ['b', 82],
    ]);
  });

  it.each<[string, string, string, string]>([
    ['without a port name', '', 'ns/web', 'ns/web/TCP'],
    ['with a port name', 'p80', 'ns/web:p80', 'ns/web:p80/TCP'],
  ])('names a port %s', (_, name, displayName, key) => {
    expect(read({ ports: [{ name }] })).toMatchObject({ displayName, key, portName: name });
  });

  it.each<[string, ServiceFields, Partial<WantedPort>]>([
    ['node port on a ClusterIP Service', { ports: [{ nodePort: 30080 }] }, { nodePort: 30080 }],
    ['session affinity', { sessionAffinitySeconds: 10800 }, { sessionAffinitySeconds: 10800 }],
    [
      'internal Local',
      { internalTrafficPolicy: 'Local' },
      { internalPolicyLocal: true, externalPolicyLocal: false },
    ],
    ['cluster address of the family', { ...dualStack }, { clusterIP: '172.30.0.1' }],
    [
      'external addresses of the family, in order, once',
      { externalIPs: ['203.0.113.2', '2001:db8::1', '203.0.113.1', '203.0.113.2'] },
      { externalIPs: ['203.0.113.2', '203.0.113.1'] },
    ],
    [
      'VIPs of the family, not those of mode Proxy',
      {
        loadBalancerIngress: [
          { ip: '203.0.113.2', ipMode: 'VIP' },
          { ip: '203.0.113.1', ipMode: 'Proxy' },
          { ip: '2001:db8::1', ipMode: 'VIP' },
        ],
      },
      { loadBalancerVIPs: ['203.0.113.2'] },
    ],
    [
      'no pool',
      { loadBalancer: aLoadBalancer({ annotations: new Map([['a', 'b']]) }) },
      { hasPoolAddresses: false },
    ],
    ...['menwei.dev', 'metallb.io', 'metallb.universe.tf'].map(
      (group): [string, ServiceFields, Partial<WantedPort>] => [
        `a pool of ${group}`,
        { loadBalancer: aLoadBalancer({ annotations: new Map([[`${group}/ip-allocated-from-pool`, 'p']]) }) },
        { hasPoolAddresses: true },
      ],
    ),
    [
      'no pool for addresses of nodes, whatever the author says',
      {
        loadBalancer: aLoadBalancer({
          loadBalancerClass: 'menwei.dev/node',
          annotations: new Map([['menwei.dev/ip-allocated-from-pool', 'p']]),
        }),
      },
      { hasPoolAddresses: false },
    ],
    [
      'VIPs whatever the type',
      { type: 'ClusterIP', loadBalancerIngress: [{ ip: '203.0.113.2', ipMode: 'VIP' }] },
      { loadBalancerVIPs: ['203.0.113.2'] },
    ],
    [
      'ranges of the family',
      { loadBalancerSourceRanges: ['203.0.113.0/25', '2001:db8::/32', '10.20.0.0/16'] },
      { loadBalancerSourceRanges: ['203.0.113.0/25', '10.20.0.0/16'] },
    ],
    [
      'a range of everything allows all',
      { loadBalancerSourceRanges: ['203.0.113.0/25', '0.0.0.0/0'], hasUnreadableSourceRange: true },
      { loadBalancerSourceRanges: undefined },
    ],
    [
      'everything of the other family allows nothing here',
      { loadBalancerSourceRanges: ['203.0.113.0/25', '::/0'] },
      { loadBalancerSourceRanges: ['203.0.113.0/25'] },
    ],
    [
      'ranges of the other family alone allow all',
      { loadBalancerSourceRanges: ['2001:db8::/32'] },
      { loadBalancerSourceRanges: undefined },
    ],
    ['no ranges allow all', {}, { loadBalancerSourceRanges: undefined }],
    [
      'ranges that can’t be read allow nobody',
      { hasUnreadableSourceRange: true },
      { loadBalancerSourceRanges: [] },
    ],
    [
      'a range that can’t be read may have been one of this family',
      { loadBalancerSourceRanges: ['2001:db8::/32'], hasUnreadableSourceRange: true },
      { loadBalancerSourceRanges: [] },
    ],
    [
      'those that can be read beside one that can’t',
      { loadBalancerSourceRanges: ['203.0.113.0/25'], hasUnreadableSourceRange: true },
      { loadBalancerSourceRanges: ['203.0.113.0/25'] },
    ],
  ])('%s', (_, fields, expected) => {
    expect(read(fields)).toMatchObject(expected);
  });

  it('reads the other family of a dual-stack Service', () => {
    const fields: ServiceFields = {
      ...dualStack,
      externalIPs: ['203.0.113.2', '2001:db8::1'],
      loadBalancerIngress: [{ ip: '2001:db8::2', ipMode: 'VIP' }],
      loadBalancerSourceRanges: ['203.0.113.0/25', '2001:db8::/32'],
    };
    expect(read(fields, 'IPv6')).toMatchObject({
      family: 'IPv6',
      clusterIP: 'fd00:30::1',
      externalIPs: ['2001:db8::1'],
      loadBalancerVIPs: ['2001:db8::2'],
      loadBalancerSourceRanges: ['2001:db8::/32'],
    });
  });

  it.each<[Service['type'], Service['externalTrafficPolicy'], string[], boolean, number]>([
    ['LoadBalancer', 'Local', [], true, 32000],
    ['LoadBalancer', 'Cluster', [], false, 0],
    ['NodePort', 'Local', [], true, 0],
    ['ClusterIP', 'Local', ['203.0.113.2'], true, 0],
    ['ClusterIP', 'Local', ['2001:db8::1'], true, 0],
    ['ClusterIP', 'Local', [], false, 0],
  ])('%s, external %s, external IPs %j', (type, externalTrafficPolicy, externalIPs, isLocal, health) => {
    const port = read({ type, externalTrafficPolicy, externalIPs, healthCheckNodePort: 32000 });
    expect(port).toMatchObject({ externalPolicyLocal: isLocal, healthCheckNodePort: health });
  });
});

function read(fields: ServiceFields, family: IpFamily = 'IPv4'): WantedPort | undefined {
  return readWantedPorts(aService(fields), family)[0];
}
