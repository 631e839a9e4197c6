import { describe, expect, it } from 'vitest';
import { parseResolvConf } from './resolv-conf.ts';
import { formatUpstream, isOurselves, parseUpstream } from './upstream-address.ts';

describe('parseUpstream', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5:53'],
    ['10.0.0.5:5353', '10.0.0.5:5353'],
    ['dns://10.0.0.5', '10.0.0.5:53'],
    ['fd00::5', '[fd00::5]:53'],
    ['[fd00::5]:5353', '[fd00::5]:5353'],
    ['fe80::1%eth0', '[fe80::1%eth0]:53'],
  ])('%s', (text, expected) => {
    const upstream = parseUpstream(text);
    expect(typeof upstream === 'string' ? upstream : formatUpstream(upstream)).toBe(expected);
  });

  it.each([
    ['dns.example.org', '"dns.example.org" is not an IP address, with or without a port'],
    ['', '"" is not an IP address, with or without a port'],
    ['10.0.0.5:0', '"10.0.0.5:0" is not an IP address, with or without a port'],
    ['10.0.0.5:99999', '"10.0.0.5:99999" is not an IP address, with or without a port'],
    ['tls://9.9.9.9', '"tls://9.9.9.9": tls:// is not supported; upstreams are asked by plain DNS'],
    ['0.0.0.0', '"0.0.0.0" is no address of a server'],
  ])('%s is refused', (text, expected) => expect(parseUpstream(text)).toBe(expected));
});

describe('isOurselves', () => {
  const machine = ['127.0.0.1', '10.1.0.7', 'fd00::7'];
  it.each([
    ['10.96.0.10', [{ ip: '10.96.0.10', port: 53 }], true],
    ['10.96.0.10:54', [{ ip: '10.96.0.10', port: 53 }], false],
    ['127.0.0.53', [{ ip: '0.0.0.0', port: 53 }], true],
    ['10.1.0.7', [{ ip: '::', port: 53 }], true],
    ['10.1.0.8', [{ ip: '0.0.0.0', port: 53 }], false],
    ['10.1.0.7', [{ ip: '169.254.20.10', port: 53 }], false],
  ])('%s of %j: %s', (text, own, expected) => {
    const upstream = parseUpstream(text);
    if (typeof upstream === 'string') throw new Error(upstream);
    expect(isOurselves(upstream, own, machine)).toBe(expected);
  });
});

it('takes the name servers of resolv.conf, and says which lines are of no use', () => {
  const text = [
    '# made by hand',
    'search example.org',
    'nameserver 10.0.0.5',
    '  nameserver\tfe80::1%eth0 # the router',
    'nameserver router',
    'nameserver',
    'options ndots:5',
  ].join('\r\n');
  const { upstreams, problems } = parseResolvConf(text);
  expect(upstreams.map(formatUpstream)).toEqual(['10.0.0.5:53', '[fe80::1%eth0]:53']);
  expect(problems).toEqual([
    'line 5: nameserver "router" is not an IP address, with or without a port',
    'line 6: nameserver "" is not an IP address, with or without a port',
  ]);
});
