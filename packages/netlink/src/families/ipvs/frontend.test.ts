import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frontend } from './contract.ts';
import { formatFrontend, parseFrontend } from './frontend.ts';

describe('a frontend as text', () => {
  it.each<[string, Frontend]>([
    ['TCP 10.96.0.1:80', { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 80 }],
    ['SCTP 10.96.0.1:65535', { family: 'IPv4', protocol: 'SCTP', ip: '10.96.0.1', port: 65535 }],
    ['UDP [fd00::1]:53', { family: 'IPv6', protocol: 'UDP', ip: 'fd00::1', port: 53 }],
    ['TCP 10.96.0.1:0', { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 0 }],
    ['mark 7 IPv4', { family: 'IPv4', mark: 7 }],
    ['mark 4294967295 IPv6', { family: 'IPv6', mark: 0xffffffff }],
  ])('%s', (text, frontend) => {
    expect(formatFrontend(frontend)).toBe(text);
    expect(parseFrontend(text)).toEqual(frontend);
  });

  it.each([
    '',
    'TCP',
    'TCP 10.96.0.1',
    'tcp 10.96.0.1:80',
    'ICMP 10.96.0.1:80',
    'TCP 10.96.0.1:65536',
    'TCP 10.96.0.1:080',
    'TCP 10.96.0.01:80',
    'TCP [10.96.0.1]:80',
    'TCP fd00::1:80',
    'TCP [fd00:0::1]:80',
    'TCP [::ffff:10.0.0.1]:80',
    'TCP 10.96.0.1:80\n',
    'mark 0 IPv4',
    'mark 07 IPv4',
    'mark 4294967296 IPv4',
    'mark 7 IPv5',
    'mark 7',
  ])('is none: %j', (text) => expect(parseFrontend(text)).toBeUndefined());

  it('is read back only as it is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', 'TCP ', 'mark ', 'UDP [fd00::'), (text, prefix) => {
        const frontend = parseFrontend(prefix + text);
        if (frontend !== undefined) expect(formatFrontend(frontend)).toBe(prefix + text);
      }),
    );
  });
});
