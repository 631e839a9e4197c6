import { describe, expect, it } from 'vitest';
import { encodePortFilter } from './port-filter.ts';
import { hex } from './testing/bytes.ts';

const LOAD_PORT = '2000 0000 0c000000';
const ACCEPT = '0600 0000 ffffffff';
const DROP = '0600 0000 00000000';

describe('encodePortFilter', () => {
  it.each([
    ['no port', [], `${LOAD_PORT} ${ACCEPT}`],
    ['a port', [0x01020304], `${LOAD_PORT} 1500 0001 01020304 ${DROP} ${ACCEPT}`],
    [
      'ports',
      [0x01020304, 0xfffefdfc],
      `${LOAD_PORT} 1500 0100 01020304 1500 0001 fffefdfc ${DROP} ${ACCEPT}`,
    ],
  ])('%s', (_, ports, program) => {
    const bytes = encodePortFilter(ports);
    // Mirrored once by the load and once by writing it here.
    expect(bytes).toEqual(hex(program));
  });

  it('refuses more ports than a jump can pass', () => {
    expect(encodePortFilter(Array(255).fill(1))).toHaveLength(8 * 258);
    expect(() => encodePortFilter(Array(256).fill(1))).toThrow(/^BUG: /);
  });
});
