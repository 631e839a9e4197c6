import { parseIp } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp } from './decode-address.ts';

describe('canonicalIp', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['10.180.00.001', '10.180.0.1'],
    ['256.0.0.1', undefined],
    ['10.0.0.1\n', undefined],
    ['fd00::1', 'fd00::1'],
    ['FD00::1', 'fd00::1'],
    ['fd00:0::1', 'fd00::1'],
    ['1:2:3:4:5:6::8', '1:2:3:4:5:6:0:8'],
    ['1:2:3:4:5:6:7::8', undefined],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(canonicalIp(text)).toBe(expected);
  });

  it('agrees with the parser on every text', () => {
    const groups = fc.array(fc.constantFrom('0', '1', 'a0', 'ffff', 'FD00', ''), {
      minLength: 2,
      maxLength: 9,
    });
    const sixes = groups.map((parts) => parts.join(':'));
    const fours = fc.array(fc.nat(300), { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.oneof(sixes, fours, fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        expect(canonicalIp(text)).toBe(parseIp(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
