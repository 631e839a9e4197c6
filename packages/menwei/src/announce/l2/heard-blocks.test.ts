import { expect, it } from 'vitest';
import { HeardBlocks } from './heard-blocks.ts';

const BASE = 0xc0000200;
const block = (first: number, last: number) => ({ first: BASE + first, last: BASE + last });

it('are whole blocks, and change only with them', () => {
  const heard = new HeardBlocks();
  expect(heard.ranges(0)).toEqual([]);
  expect(heard.add('192.0.2.100')).toBe(true);
  expect(heard.add('192.0.2.101')).toBe(false);
  expect(heard.ranges(0)).toEqual([block(64, 127)]);
  expect(heard.add('192.0.2.200')).toBe(true);
  expect(heard.ranges(0)).toEqual([block(64, 127), block(192, 255)]);
  expect(heard.add('192.0.2.130')).toBe(true);
  expect(heard.ranges(0)).toEqual([block(64, 255)]);
});

it('stay for a while when nobody needs them', () => {
  const heard = new HeardBlocks();
  heard.add('192.0.2.100');
  heard.add('192.0.2.101');
  heard.delete('192.0.2.100', 1_000);
  expect(heard.ranges(90_000)).toEqual([block(64, 127)]);
  heard.delete('192.0.2.101', 100_000);
  expect(heard.ranges(130_000)).toEqual([block(64, 127)]);
  expect(heard.add('192.0.2.102')).toBe(false);
  heard.delete('192.0.2.102', 140_000);
  expect(heard.ranges(199_999)).toEqual([block(64, 127)]);
  expect(heard.ranges(200_000)).toEqual([]);
  expect(heard.add('192.0.2.102')).toBe(true);
});

it('end with the last address there is', () => {
  const heard = new HeardBlocks();
  heard.add('2001:db8::ffff:ffff');
  expect(heard.ranges(0)).toEqual([{ first: 0xffffffc0, last: 0xffffffff }]);
});
