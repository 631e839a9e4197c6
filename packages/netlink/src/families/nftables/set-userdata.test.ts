import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/bytes.ts';
import type { Datatype, SetDeclaration } from './model.ts';
import { decodeSetComment, encodeSetUserdata } from './set-userdata.ts';

function aSet(
  key: readonly Datatype[],
  data?: readonly Datatype[] | 'verdict',
  comment = '',
): SetDeclaration {
  return { name: 's', key, data, interval: false, dynamic: false, size: 0, comment };
}

const FRONTEND: readonly Datatype[] = ['ipv4_addr', 'inet_proto', 'inet_service'];
const FRONTEND6: readonly Datatype[] = ['ipv6_addr', 'inet_proto', 'inet_service'];

/** What nft 1.0.6 wrote for the declarations beside them. */
const DECLARATIONS: readonly (readonly [string, SetDeclaration, string])[] = [
  ['type ipv4_addr', aSet(['ipv4_addr']), '000402000000'],
  ['type inet_proto', aSet(['inet_proto']), '000400000000'],
  ['type ipv4_addr; comment "iv"', aSet(['ipv4_addr'], undefined, 'iv'), '0004020000000703697600'],
  ['type ipv4_addr . inet_proto . inet_service', aSet(FRONTEND), '000400000000 0308 00040d000000 0100'],
  [
    'type ipv4_addr . inet_proto . inet_service : verdict',
    aSet(FRONTEND, 'verdict'),
    '000400000000 010400000000 0308 00040d000000 0100 060400000000',
  ],
  [
    'type ipv4_addr : inet_service',
    aSet(['ipv4_addr'], ['inet_service']),
    '000402000000 010402000000 060400000000',
  ],
  [
    'type ipv4_addr : ipv4_addr . inet_service',
    aSet(['ipv4_addr'], ['ipv4_addr', 'inet_service']),
    '000402000000 010400000000 0408 00040d000000 0100 060400000000',
  ],
  [
    'typeof numgen random mod 2',
    aSet(['slot']),
    '000401000000 031a 000417000000 0112 000401000000 010402000000 020400000000',
  ],
  [
    'typeof ip daddr . numgen random mod 2 : verdict',
    aSet(['ipv4_addr', 'slot'], 'verdict'),
    '000400000000 010400000000' +
      '033a 00040d000000 0132 0014 000407000000 010c 00040c000000 01040c000000' +
      '011a 000417000000 0112 000401000000 010402000000 020400000000' +
      '0408 000401000000 0100 060400000000',
  ],
  [
    'typeof ip daddr . meta l4proto . th dport . numgen random mod 2 : ip daddr . th dport',
    aSet([...FRONTEND, 'slot'], ['ipv4_addr', 'inet_service']),
    '000400000000 010400000000' +
      '0360 00040d000000 0158 0014 000407000000 010c 00040c000000 01040c000000' +
      '010e 000409000000 0106 000410000000' +
      '0214 000407000000 010c 00040b000000 010402000000' +
      '031a 000417000000 0112 000401000000 010402000000 020400000000' +
      '0434 00040d000000 012c 0014 000407000000 010c 00040c000000 01040c000000' +
      '0114 000407000000 010c 00040b000000 010402000000 060400000000',
  ],
  [
    'typeof ip6 daddr . meta l4proto . th dport . numgen random mod 2 : ip6 daddr . th dport',
    aSet([...FRONTEND6, 'slot'], ['ipv6_addr', 'inet_service']),
    '000400000000 010400000000' +
      '0360 00040d000000 0158 0014 000407000000 010c 00040d000000 010409000000' +
      '010e 000409000000 0106 000410000000' +
      '0214 000407000000 010c 00040b000000 010402000000' +
      '031a 000417000000 0112 000401000000 010402000000 020400000000' +
      '0434 00040d000000 012c 0014 000407000000 010c 00040d000000 010409000000' +
      '0114 000407000000 010c 00040b000000 010402000000 060400000000',
  ],
  [
    'typeof ip daddr . numgen random mod 2 : th dport; comment "m6"',
    aSet(['ipv4_addr', 'slot'], ['inet_service'], 'm6'),
    '000400000000 010402000000' +
      '033a 00040d000000 0132 0014 000407000000 010c 00040c000000 01040c000000' +
      '011a 000417000000 0112 000401000000 010402000000 020400000000' +
      '0414 000407000000 010c 00040b000000 010402000000 060400000000 07036d3600',
  ],
];

describe('what is kept with a set', () => {
  it.each(DECLARATIONS)('%s', (_, set, bytes) => {
    const userdata = encodeSetUserdata(set);
    expect(Buffer.from(userdata).toString('hex')).toBe(bytes.replaceAll(' ', ''));
    expect(decodeSetComment(userdata)).toBe(set.comment);
  });

  it('has a limit', () => {
    const wide = aSet([...FRONTEND, 'slot'], ['ipv4_addr', 'inet_service'], 'x'.repeat(90));
    expect(() => encodeSetUserdata(wide)).toThrow('BUG: more than the kernel keeps');
  });

  it.each([
    ['nothing', '', ''],
    ['no comment', '000402000000', ''],
    ['a comment after something new', '0801ff 07036d3600', 'm6'],
    ['a comment without an end', '0704 6d3600', ''],
    ['half a header', '07', ''],
  ])('may be %s', (_, bytes, comment) => {
    expect(decodeSetComment(hex(bytes))).toBe(comment);
  });
});
