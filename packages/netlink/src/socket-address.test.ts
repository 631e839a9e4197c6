import { expect, it } from 'vitest';
import { decodeSocketAddress, encodeSocketAddress } from './socket-address.ts';

it.each([
  ['10.1.2.3', 80],
  ['0.0.0.0', 0],
  ['fd00::1', 65535],
  ['::', 1],
])('%s port %i comes back as it went', (ip, port) => {
  expect(decodeSocketAddress(encodeSocketAddress({ ip, port }))).toEqual({ ip, port });
});

it('lays the fields out as the kernel does', () => {
  expect([...encodeSocketAddress({ ip: '10.1.2.3', port: 258 })].slice(2, 8)).toEqual([1, 2, 10, 1, 2, 3]);
});

it('shows a mapped peer as IPv4', () => {
  const mapped = encodeSocketAddress({ ip: '::', port: 7 });
  mapped.set([0xff, 0xff, 10, 0, 0, 9], 18);
  expect(decodeSocketAddress(mapped)).toEqual({ ip: '10.0.0.9', port: 7 });
});

it('refuses what is too short or of another family', () => {
  expect(() => decodeSocketAddress(new Uint8Array([2]))).toThrow(RangeError);
  expect(() => decodeSocketAddress(new Uint8Array([2, 0, 0, 80, 10, 0]))).toThrow(RangeError);
  expect(() => decodeSocketAddress(new Uint8Array(28))).toThrow(RangeError);
});
