/** Addresses as few ranges of numbers, for a program in the kernel that is not to be long. */
import { addressBytes } from '@menwei/addresses/ip.ts';

/** Both ends are in it. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The ranges that have all the numbers. Those next to each other are one range; when there are still more than `most`, those become one
 * that have the fewest numbers between them.
 */
export function rangesOf(all: Iterable<number>, most: number): readonly NumberRange[] {
  const numbers = [...new Set(all)].sort((a, b) => a - b);
  const gaps = numbers
    .slice(1)
    .map((number, index) => ({ before: index + 1, size: number - (numbers[index] ?? 0) - 1 }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size)
    .slice(0, most - 1);
  const starts = [0, ...gaps.map(({ before }) => before).sort((a, b) => a - b)];
  return starts.flatMap((start, index) => {
    const first = numbers[start];
    const last = numbers[(starts[index + 1] ?? numbers.length) - 1];
    return first === undefined || last === undefined ? [] : [{ first, last }];
  });
}

/** The last 32 bits of an address as a number. */
export function lastWordOf(ip: string): number {
  return addressBytes(ip)
    .slice(-4)
    .reduce((number, byte) => number * 256 + byte, 0);
}
