import { expect, it } from 'vitest';
import { wantedSysctls } from './sysctls.ts';

const ALWAYS = {
  'net/ipv4/vs/conntrack': '1',
  'net/ipv4/vs/expire_nodest_conn': '1',
  'net/ipv4/vs/expire_quiescent_template': '1',
  'net/ipv4/ip_forward': '1',
};
const REUSE = { 'net/ipv4/vs/conn_reuse_mode': '0' };
const STRICT = { 'net/ipv4/conf/all/arp_ignore': '1', 'net/ipv4/conf/all/arp_announce': '2' };

it.each([
  ['4.19.0-26-amd64', false, { ...ALWAYS, ...REUSE }],
  ['5.8.18', false, { ...ALWAYS, ...REUSE }],
  ['5.9.0', false, ALWAYS],
  ['5.10.0-30-cloud-amd64', true, { ...ALWAYS, ...STRICT }],
  ['6.1.0', false, ALWAYS],
  ['10.0-rc1', true, { ...ALWAYS, ...STRICT }],
])('kernel %s, strictARP %s', (release, strictARP, expected) => {
  const wanted = wantedSysctls(strictARP, release).map(({ name, value }) => [name, value]);
  expect(Object.fromEntries(wanted)).toEqual(expected);
});
