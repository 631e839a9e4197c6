import { describe, expect, it } from 'vitest';
import { parseKey } from './element-text.ts';
import { decodeFields, encodeFields, encodeList, encodeRangeKey, type Field } from './fields.ts';
import type { Datatype } from './model.ts';

const FRONTEND: readonly Datatype[] = ['ipv4_addr', 'inet_proto', 'inet_service'];
const PLAIN = { name: 's', data: undefined, interval: false, dynamic: false, size: 0, comment: '' };

describe('fields', () => {
  it.each<[readonly Datatype[], readonly Field[], string]>([
    [['ipv4_addr'], ['10.96.0.1'], '10.96.0.1'],
    [['ipv6_addr'], ['fd00::1'], 'fd00::1'],
    [['inet_proto'], [6], 'tcp'],
    [['inet_service'], [8080], '8080'],
    [['slot'], [1_000_001], '1000001'],
    [FRONTEND, ['10.96.0.1', 17, 53], '10.96.0.1 . udp . 53'],
    [[...FRONTEND, 'slot'], ['10.96.0.1', 6, 80, 0xffffffff], '10.96.0.1 . tcp . 80 . 4294967295'],
    [['ipv6_addr', 'inet_service'], ['fd00::1', 80], 'fd00::1 . 80'],
  ])('of %j: %j are what nft writes as %s', (key, fields, text) => {
    expect(encodeFields(key, fields)).toBe(parseKey({ ...PLAIN, key }, text));
    expect(decodeFields(key, encodeFields(key, fields))).toEqual(fields);
  });

  it.each<[readonly Datatype[], readonly Field[], Field, string]>([
    [['ipv4_addr'], ['10.96.0.0'], '10.111.255.255', '10.96.0.0/12'],
    [['inet_service'], [80], 90, '80-90'],
    [['inet_service', 'ipv6_addr'], [80, 'fd00::'], 'fd00::ffff', '80 . fd00::/112'],
    [['ipv4_addr', 'inet_service'], ['10.0.0.1', 80], 90, '10.0.0.1 . 80-90'],
  ])('of %j: a range from %j to %s is what nft writes as %s', (key, first, last, text) => {
    expect(encodeRangeKey(key, first, last)).toBe(parseKey({ ...PLAIN, key, interval: true }, text));
  });

  it.each<[readonly Datatype[], readonly Field[]]>([
    [['ipv4_addr'], ['fd00::1']],
    [['ipv6_addr'], ['10.0.0.1']],
    [['ipv4_addr'], [1]],
    [['inet_service'], [65_536]],
    [['inet_service'], [-1]],
    [['inet_service'], [0.5]],
    [['inet_service'], ['80']],
    [['inet_proto'], [256]],
    [['slot'], [2 ** 32]],
    [FRONTEND, ['10.96.0.1', 6]],
    [FRONTEND, ['10.96.0.1', 6, 80, 80]],
  ])('of %j are not %j', (types, fields) => {
    expect(() => encodeFields(types, fields)).toThrow(
      `BUG: '${fields.join(' . ')}' is no ${types.join(' . ')}`,
    );
  });

  it('stand one after the other in lists of any length', () => {
    const types: readonly Datatype[] = ['ipv6_addr', 'inet_service'];
    const values = Array.from({ length: 100 }, (_, port) => ['fd00::1', port]);
    expect(encodeList(types, values)).toBe(values.map((fields) => encodeFields(types, fields)).join(''));
    expect(encodeList(['inet_service'], [[1], [2], [3]])).toBe('\0\x01\0\x02\0\x03');
    expect(encodeList(types, [])).toBe('');
  });

  it('are not read from too few bytes', () => {
    expect(() => decodeFields(['ipv4_addr', 'inet_service'], '\x0a\0\0\x01')).toThrow('BUG: ');
  });
});
