import { describe, expect, it } from 'vitest';
import { type DnsFlags, parseDnsFlags } from './dns-options.ts';

function parse(flags: Partial<DnsFlags>) {
  return parseDnsFlags({ v: '0', ...flags }, undefined);
}

describe('--node-local', () => {
  it('has the address and the Service that NodeLocal DNSCache has, and the upstreams of the node', () => {
    expect(parse({ nodeLocal: true })).toMatchObject({
      options: {
        nodeLocal: { addresses: ['169.254.20.10'], service: 'kube-system/kube-dns' },
        bind: [{ host: '169.254.20.10', port: 53 }],
        upstreams: { file: '/etc/resolv.conf' },
      },
    });
  });

  it.each([
    [{ nodeLocal: true, dnsBind: ['127.0.0.1'] }, '--dns-bind: contradicts --node-local'],
    [{ nodeLocal: true, nodeLocalService: 'dns' }, '--node-local-service: "dns" is not NAMESPACE/NAME'],
    [{ nodeLocal: true, nodeLocalAddress: ['x'] }, '--node-local-address: "x" is not an IP address'],
    [{ nodeLocal: true, nodeLocalAddress: ['127.0.0.1'] }, /^--node-local-address: 127\.0\.0\.1 can't be/],
    [{ nodeLocalAddress: ['169.254.20.10'] }, '--node-local-address: needs --node-local'],
    [{ nodeLocalService: 'a/b' }, '--node-local-service: needs --node-local'],
  ])('refuses %j', (flags, message) => {
    expect(parse(flags)).toEqual({ errors: [expect.stringMatching(message)] });
  });
});
