/** What no Service has at a load-balancer address that the node stands for (load-balancer § 7.2). */
import type { AnsweredVIPs } from 'menwei/services/answered-vips.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import { aTestbed, HOSTS, type PortOfFields, portOf, type Scene, type Sender } from '../testbed.ts';

describe.each(MODES_AND_FAMILIES)('beside the ports of a load-balancer address, %s, %s', (mode, family) => {
  const { node, vip, externalIP } = HOSTS[family];
  const bed = (fields: PortOfFields = {}, scene: Partial<Scene> = {}) => {
    const port = portOf(family, {
      loadBalancerVIPs: [vip],
      externalIPs: [externalIP],
      hasPoolAddresses: true,
      endpoints: ['here', 'elsewhere'],
      ...fields,
    });
    return aTestbed(mode, family, { ports: [port], node: { ownIP: node }, ...scene });
  };
  const answered = `${family === 'IPv4' ? node : `[${node}]`}:0`;

  it.each<[Sender, string, string]>([
    ['client', 'vip:81', 'REJECT'],
    ['client', 'vip:80/UDP', 'REJECT'],
    ['client', 'vip:80/SCTP', 'REJECT'],
    ['pod', 'vip:81', 'REJECT'],
    ['node', 'vip:81', 'REJECT'],
    ['client', 'vip:0/ICMP', answered],
    ['pod', 'vip:0/ICMP', answered],
    ['node', 'vip:0/ICMP', answered],
    ['client', 'vip:80', '1* 2*'],
    ['client', 'vip2:81', 'untouched'],
    ['client', 'externalIP:81', 'untouched'],
    ['client', 'externalIP:0/ICMP', 'untouched'],
    ['client', 'node:81', 'untouched'],
  ])('from %s to %s: %s', (from, to, expected) => {
    expect(bed().send(from, to)).toBe(expected);
  });

  it.each<[string, PortOfFields, string]>([
    ['no source range drops', { loadBalancerSourceRanges: [] }, 'DROP'],
    ['no endpoint refuses', { endpoints: [] }, 'REJECT'],
    ['no local endpoint drops', { endpoints: ['elsewhere'], externalPolicyLocal: true }, 'DROP'],
  ])('%s at the port of the Service, and beside it all is refused', (_name, fields, expected) => {
    const { send } = bed(fields);
    expect([send('client', 'vip:80'), send('client', 'vip:81')]).toEqual([expected, 'REJECT']);
  });

  it('another Service at the address keeps what its policy says, whatever its name', () => {
    const local = { endpoints: ['elsewhere'], externalPolicyLocal: true, loadBalancerVIPs: [vip] } as const;
    const ports = ['a', 'z'].map((name, index) =>
      portOf(family, { ...local, name, port: 90 + index, clusterIP: HOSTS[family].clusterIP }),
    );
    const { send } = bed(
      {},
      { ports: [...ports, portOf(family, { loadBalancerVIPs: [vip], hasPoolAddresses: true })] },
    );
    expect([send('client', 'vip:90'), send('client', 'vip:91'), send('client', 'vip:92')]).toEqual([
      'DROP',
      'DROP',
      'REJECT',
    ]);
  });

  it('an address that an interface has is left to its owner', () => {
    const { send } = bed({}, { addresses: [node, vip] });
    for (const from of ['client', 'pod', 'node'] as const) {
      expect([send(from, 'vip:81'), send(from, 'vip:0/ICMP')]).toEqual(['untouched', 'untouched']);
    }
  });

  it('an endpoint that has such an address is reached', () => {
    const other = portOf(family, { name: 'other', port: 82, endpoints: ['elsewhere'] });
    const [endpoint] = other.endpoints;
    const ports = [other, portOf(family, { loadBalancerVIPs: [endpoint?.ip ?? ''], hasPoolAddresses: true })];
    expect(bed({}, { ports }).send('pod', 'clusterIP:82')).toBe('1');
  });

  it.each<[AnsweredVIPs, boolean, string]>([
    ['pools', true, 'REJECT'],
    ['pools', false, 'untouched'],
    ['all', false, 'REJECT'],
    ['none', true, 'untouched'],
  ])('%s, address from a pool %s: %s', (answeredVIPs, hasPoolAddresses, expected) => {
    expect(bed({ hasPoolAddresses }, { options: { answeredVIPs } }).send('client', 'vip:81')).toBe(expected);
  });

  it('pings are refused as all else where the node has no address to answer at', () => {
    const { send } = bed({}, { node: { ownIP: undefined } });
    expect([send('client', 'vip:0/ICMP'), send('node', 'vip:0/ICMP')]).toEqual(['REJECT', 'REJECT']);
  });
});
