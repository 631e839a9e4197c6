/**
 * Intervals as the kernel keeps them in sets of one field: an element where each begins, and one where it has ended. It
 * says nothing of which ones belong together; their order does.
 */
import { fieldSize } from './datatype.ts';
import { readBytes } from './fields.ts';
import type { Bytes, Datatype, Element } from './model.ts';
import { compareBytes, decrement } from './range.ts';

export interface Bound {
  readonly value: Uint8Array;
  /** The first value that is no more part of the interval before. */
  readonly isEnd: boolean;
  readonly data: Bytes | undefined;
  readonly comment: string;
}

/** All intervals of a set, in ascending order. */
export function joinBounds(type: Datatype, bounds: readonly Bound[]): readonly Element[] {
  const size = fieldSize(type);
  const sorted = [...bounds].sort((a, b) => compareBounds(a, b, size));
  const ends = Buffer.alloc(2 * size);
  const elements: Element[] = [];
  for (const [index, { value, isEnd, data, comment }] of sorted.entries()) {
    if (isEnd) continue;
    // Without an end the interval reaches up to the next one, or to the last value there is: one less than zero.
    const next = sorted[index + 1]?.value ?? new Uint8Array(size);
    ends.set(value);
    ends.set(next, size);
    decrement(ends, size, size);
    elements.push({ key: readBytes(ends, 0, 2 * size), data, comment });
  }
  return elements;
}

/** Where one interval ends and the next one begins, the end comes first. */
function compareBounds(a: Bound, b: Bound, size: number): number {
  return compareBytes(a.value, 0, b.value, 0, size) || Number(b.isEnd) - Number(a.isEnd);
}
