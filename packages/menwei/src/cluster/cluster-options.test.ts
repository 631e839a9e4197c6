import { describe, expect, it } from 'vitest';
import { serverUrl } from './cluster-addresses.ts';
import { type ClusterFlags, parseClusterFlags } from './cluster-options.ts';

const FLAGS: ClusterFlags = {
  data: '/data',
  listen: '127.0.0.1:6443',
  serviceClusterIpRange: '10.96.0.0/16',
  serviceNodePortRange: '30000-32767',
  store: 'file',
  storeSync: 'full',
  maxEndpointsPerSlice: '100',
  legacyEndpoints: 'true',
  v: '0',
};

function parse(flags: Partial<ClusterFlags>) {
  const parsed = parseClusterFlags({ ...FLAGS, ...flags });
  if ('errors' in parsed) throw new Error(parsed.errors.join('\n'));
  return parsed.options;
}

describe('the flags of a cluster', () => {
  it('are kube-apiserver’s where it has them', () => {
    expect(parse({})).toMatchObject({
      dataFolder: '/data',
      listen: { ip: '127.0.0.1', port: 6443 },
      advertiseAddress: undefined,
      nodePorts: { first: 30_000, last: 32_767 },
      store: 'file',
      tls: { names: [] },
      legacyEndpoints: true,
    });
    expect(parse({ listen: '[fd00::1]:0' })).toMatchObject({ advertiseAddress: 'fd00::1' });
    expect(parse({ advertiseAddress: '192.0.2.7' })).toMatchObject({ advertiseAddress: '192.0.2.7' });
    expect(parse({ insecureLoopback: true }).tls).toBeUndefined();
  });

  it.each<[what: string, flags: Partial<ClusterFlags>, told: string]>([
    ['no address', { listen: 'localhost:6443' }, '--listen: localhost:6443 is not an address and port'],
    [
      'a network of one family twice',
      { serviceClusterIpRange: '10.0.0.0/16,10.1.0.0/16' },
      '--service-cluster-ip-range',
    ],
    ['a network that is too wide', { serviceClusterIpRange: 'fd00::/48' }, '--service-cluster-ip-range'],
    ['a network that is too narrow', { serviceClusterIpRange: '10.0.0.0/31' }, '--service-cluster-ip-range'],
    ['an address nobody reaches', { advertiseAddress: '127.0.0.1' }, '--advertise-address'],
    ['ports', { serviceNodePortRange: '5-1' }, '--service-node-port-range'],
    ['a store', { store: 'disk' }, '--store: disk is not one of file, memory'],
    ['a store that is to come', { store: 'etcd=http://x' }, '--store: etcd can not be used yet'],
    ['a sync', { storeSync: 'none' }, '--store-sync'],
    ['a slice size', { maxEndpointsPerSlice: '1001' }, '--max-endpoints-per-slice'],
    ['a data folder without a name', { data: '' }, '--data: is empty'],
    ['half a key pair', { tlsCertFile: 'a' }, 'one is given without the other'],
    ['no TLS for others', { listen: '0.0.0.0:6443', insecureLoopback: true }, 'is not served without TLS'],
    ['TLS and none', { insecureLoopback: true, clientCaFile: 'x' }, '--insecure-loopback: contradicts'],
    ['a name of a certificate that there is not', { insecureLoopback: true, tlsSan: ['a'] }, 'and --tls-san'],
    ['a name', { tlsSan: ['a b'] }, '--tls-san: a b is neither'],
    ['a configuration of no proxy', { config: 'x' }, '--config: is for the proxy'],
  ])('refuse %s', (_, flags, told) => {
    const parsed = parseClusterFlags({ ...FLAGS, ...flags });
    expect('errors' in parsed && parsed.errors.join('\n')).toContain(told);
  });
});

describe('addresses', () => {
  it('of the server are those by which this machine reaches it', () => {
    expect(serverUrl({ ip: '0.0.0.0', port: 1 }, true)).toBe('https://127.0.0.1:1');
    expect(serverUrl({ ip: '::', port: 1 }, true)).toBe('https://[::1]:1');
    expect(serverUrl({ ip: '192.0.2.1', port: 1 }, false)).toBe('http://192.0.2.1:1');
  });
});
