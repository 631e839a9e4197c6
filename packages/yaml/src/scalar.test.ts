import { describe, expect, it } from 'vitest';
import { resolveScalar } from './scalar.ts';

describe('a plain scalar means what it means to Go', () => {
  it.each<[string, unknown]>([
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
      (text): [string, boolean] => [text, true],
    ),
    ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
      (text): [string, boolean] => [text, false],
    ),
    ...['', '~', 'null', 'Null', 'NULL'].map((text): [string, null] => [text, null]),
    ['yEs', 'yEs'],
    ['nULL', 'nULL'],
    ['0644', 420],
    ['0o644', 420],
    ['-0644', -420],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0b101', -5],
    ['0', 0],
    ['0888', 888],
    ['0o', '0o'],
    ['0x', '0x'],
    ['0xg', '0xg'],
    ['1_000', 1000],
    ['+5', 5],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1e400', '1e400'],
    ['1e', '1e'],
    ['.', '.'],
    ['-', '-'],
    ['--1', '--1'],
    ['18446744073709551615', 2 ** 64],
    ['0xFFFFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFFF'],
    ['1:20', '1:20'],
    ['190:20:30.15', '190:20:30.15'],
    ['2001:10:20:30:40:50:1:2', '2001:10:20:30:40:50:1:2'],
    ['2026-01-02', '2026-01-02'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['1.2.3', '1.2.3'],
    ['80/TCP', '80/TCP'],
    ['None', 'None'],
    ['t', 't'],
    ['ok', 'ok'],
  ])('%j: %j', (text, expected) => {
    expect(resolveScalar(text, undefined, true)).toBe(expected);
    expect(resolveScalar(text, undefined, false)).toBe(text);
  });

  it.each(['.inf', '-.INF', '+.Inf', '.NaN'])('%s is nothing that JSON has', (text) => {
    expect(resolveScalar(text, undefined, true)).toHaveProperty('mistake');
  });
});
