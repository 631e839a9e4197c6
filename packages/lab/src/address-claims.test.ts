import { describe, expect, it } from 'vitest';
import { parseClaim, strayClaims } from './address-claims.ts';

const FROM = '1796075733.978209 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype';
const ARP = `${FROM} ARP (0x0806), length 42:`;
const NDP = `${FROM} IPv6 (0x86dd), length 86: fe80::1 > ff02::1: ICMP6,`;

describe('parseClaim', () => {
  it.each([
    ['an answer', '192.0.2.2', `${ARP} Reply 192.0.2.2 is-at 02:00:00:00:00:01, length 28`],
    ['a gratuitous request', '192.0.2.2', `${ARP} Request who-has 192.0.2.2 tell 192.0.2.2, length 28`],
    [
      'a gratuitous request to all',
      '192.0.2.2',
      `${ARP} Request who-has 192.0.2.2 (ff:ff:ff:ff:ff:ff) tell 192.0.2.2, length 44`,
    ],
    ['an announcement', '192.0.2.2', `${ARP} Announcement 192.0.2.2, length 28`],
    ['an advertisement', 'fd00::2', `${NDP} neighbor advertisement, tgt is fd00::2, length 32`],
  ])('sees that %s claims the address', (_, address, line) => {
    expect(parseClaim(line, address)).toEqual({ atMs: 1796075733978.209, mac: '02:00:00:00:00:01' });
  });

  it.each([
    ['a question', `${ARP} Request who-has 192.0.2.2 tell 192.0.2.1, length 28`],
    ['a probe', `${ARP} Request who-has 192.0.2.2 tell 0.0.0.0, length 28`],
    ['an answer for another address', `${ARP} Reply 192.0.2.22 is-at 02:00:00:00:00:01, length 28`],
    ['a solicitation', `${NDP} neighbor solicitation, who has 192.0.2.2, length 32`],
    ['what tcpdump says at its start', 'listening on eth0, link-type EN10MB (Ethernet)'],
  ])('sees that %s does not', (_, line) => {
    expect(parseClaim(line, '192.0.2.2')).toBeUndefined();
  });
});

describe('strayClaims', () => {
  it.each([
    ['aaa', 0, 0],
    ['aabb', 0, 0],
    ['aababb', 1, 1],
    ['abab', 1, 1],
    ['aabaab', 2, 2],
    ['', 0, 0],
  ])('of %s', (owners, count, forMs) => {
    const claims = Array.from(owners, (mac, atMs) => ({ mac, atMs }));
    expect(strayClaims(claims)).toEqual({ count, forMs });
  });
});
