import { aLoadBalancer, aService } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { LoadBalancerDetails } from '../../kubernetes/load-balancer-objects.ts';
import { readRequest } from './read-request.ts';

type Details = Partial<LoadBalancerDetails>;

const read = (details: Details) =>
  readRequest(aService({ loadBalancer: aLoadBalancer(details) }), new Map(), undefined);
const annotated = (annotations: Readonly<Record<string, string>>, more: Details = {}) =>
  read({ annotations: new Map(Object.entries(annotations)), ...more });

describe('addresses that a Service asks for', () => {
  it.each([
    'menwei.dev/load-balancer-ips',
    'metallb.io/loadBalancerIPs',
    'metallb.universe.tf/loadBalancerIPs',
    'lbipam.cilium.io/ips',
    'io.cilium/lb-ipam-ips',
    'kube-vip.io/loadbalancerIPs',
    'purelb.io/addresses',
  ])('by %s', (annotation) => {
    const { addresses, invalid } = annotated({ [annotation]: ' 192.0.2.1, FD00:0::1,192.0.2.1' });
    expect([addresses, invalid]).toEqual([['192.0.2.1', 'fd00::1'], undefined]);
  });

  it('by spec.loadBalancerIP', () => {
    expect(read({ loadBalancerIP: '192.0.2.1' }).addresses).toEqual(['192.0.2.1']);
  });

  it('twice, which is fine when both are the same', () => {
    const { addresses, invalid } = annotated(
      { 'metallb.io/loadBalancerIPs': 'fd00::1,192.0.2.1', 'purelb.io/addresses': '192.0.2.1,fd00:0::1' },
      { loadBalancerIP: '' },
    );
    expect([addresses, invalid]).toEqual([['fd00::1', '192.0.2.1'], undefined]);
  });

  it('twice, and not the same', () => {
    const { invalid } = annotated({ 'purelb.io/addresses': '192.0.2.1' }, { loadBalancerIP: '192.0.2.2' });
    expect(invalid).toBe(
      'annotation purelb.io/addresses says "192.0.2.1", and spec.loadBalancerIP says "192.0.2.2"',
    );
  });

  it('in words that are no address', () => {
    const { addresses, invalid } = annotated({ 'metallb.io/loadBalancerIPs': '192.0.2.1,web' });
    expect([addresses, invalid]).toEqual([
      [],
      'annotation metallb.io/loadBalancerIPs: "web" is no IP address',
    ]);
  });

  it('by DHCP, which leaves it to the pools', () => {
    const { addresses, invalid } = annotated(
      { 'kube-vip.io/loadbalancerIPs': '0.0.0.0' },
      { loadBalancerIP: '192.0.2.2' },
    );
    expect([addresses, invalid]).toEqual([['192.0.2.2'], undefined]);
  });
});

describe('the pool that a Service asks for', () => {
  it.each([
    'menwei.dev/address-pool',
    'metallb.io/address-pool',
    'metallb.universe.tf/address-pool',
    'purelb.io/service-group',
  ])('by %s', (annotation) => {
    expect(annotated({ [annotation]: 'p' }).pool).toBe('p');
  });

  it('twice, and not the same', () => {
    const { pool, invalid } = annotated({ 'menwei.dev/address-pool': 'p', 'metallb.io/address-pool': 'q' });
    expect(pool).toBe('p');
    expect(invalid).toBe(
      'annotation menwei.dev/address-pool says "p", and annotation metallb.io/address-pool says "q"',
    );
  });
});

describe('with whom a Service shares its address', () => {
  it.each<readonly [string, readonly string[] | 'all']>([
    ['menwei.dev/allow-shared-ip', []],
    ['metallb.io/allow-shared-ip', 'all'],
    ['metallb.universe.tf/allow-shared-ip', 'all'],
    ['lbipam.cilium.io/sharing-key', []],
    ['io.cilium/lb-ipam-sharing-key', []],
    ['purelb.io/allow-shared-ip', []],
  ])('by %s: namespaces %j', (annotation, namespaces) => {
    expect(annotated({ [annotation]: 'k' }).sharing).toEqual({ key: 'k', namespaces });
  });

  it.each<readonly [string, string, readonly string[] | 'all']>([
    ['menwei.dev/allow-shared-ip-namespaces', 'a, b', ['a', 'b']],
    ['lbipam.cilium.io/sharing-cross-namespace', '*', 'all'],
    ['io.cilium/lb-ipam-sharing-cross-namespace', 'a', ['a']],
  ])('%s: %s', (annotation, value, namespaces) => {
    const { sharing } = annotated({ 'metallb.io/allow-shared-ip': 'k', [annotation]: value });
    expect(sharing).toEqual({ key: 'k', namespaces });
  });

  it('with nobody, when there is no key', () => {
    expect(annotated({ 'menwei.dev/allow-shared-ip-namespaces': '*' }).sharing).toBeUndefined();
  });

  it('by keys that contradict each other', () => {
    const { sharing, invalid } = annotated({
      'menwei.dev/allow-shared-ip': 'k',
      'metallb.io/allow-shared-ip': 'l',
    });
    expect(sharing).toEqual({ key: 'k', namespaces: [] });
    expect(invalid).toMatch('"k"');
  });
});

describe('the families of a Service', () => {
  it.each<readonly [Details, readonly string[]]>([
    [{ ipFamilies: ['IPv6'] }, ['IPv6']],
    [{ ipFamilies: [] }, ['IPv4']],
    [{ ipFamilies: ['IPv6'], ipFamilyPolicy: 'RequireDualStack' }, ['IPv6', 'IPv4']],
    [{ ipFamilies: [], ipFamilyPolicy: 'RequireDualStack' }, ['IPv4', 'IPv6']],
    [{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'PreferDualStack' }, ['IPv4']],
  ])('of %j', (details, families) => {
    expect(read(details).families).toEqual(families);
  });
});

it('what a Service holds is what its status says', () => {
  const entry = { hostname: '', ipMode: undefined, ports: [] };
  const { held, heldFrom } = annotated(
    { 'menwei.dev/ip-allocated-from-pool': 'p,q' },
    {
      ingress: [
        { ...entry, ip: '192.0.2.1' },
        { ...entry, ip: '', hostname: 'web.example' },
      ],
    },
  );
  expect([held, heldFrom]).toEqual([['192.0.2.1'], ['p', 'q']]);
});

describe('what a Service asks for', () => {
  it('is not repeated at length when it can’t be read, nor in a way that a terminal obeys', () => {
    const long = 'x'.repeat(200_000);
    for (const invalid of [
      annotated({ 'menwei.dev/load-balancer-ips': long }).invalid,
      annotated({ 'menwei.dev/address-pool': long, 'metallb.io/address-pool': `${long}y` }).invalid,
    ]) {
      expect(invalid?.length).toBeLessThan(400);
    }
    const { invalid } = annotated({ 'menwei.dev/load-balancer-ips': '\u202e\x1b[2J\n' });
    expect(invalid).toMatch(/^[ -~]+$/);
  });

  it('is no more than 16 addresses', () => {
    const named = (count: number) =>
      annotated({
        'lbipam.cilium.io/ips': Array.from({ length: count }, (_, index) => `192.0.2.${index}`).join(),
      });
    expect(named(16).invalid).toBeUndefined();
    expect(named(16).addresses).toHaveLength(16);
    expect(named(17)).toMatchObject({
      addresses: [],
      invalid: 'annotation lbipam.cilium.io/ips names 17 addresses, and 16 are the most',
    });
  });
});
