/**
 * Reads netlink attributes where they lie (linux/netlink.h), for dumps of hundreds of thousands of objects: nothing is
 * copied and nothing is made for an attribute. {@link decodeAttributes} is handier where speed is no matter.
 */
import { ATTRIBUTE_HEADER_SIZE, NLA_TYPE_MASK } from './attribute.ts';
import { IS_LITTLE_ENDIAN, malformed } from './message.ts';

const LOW = IS_LITTLE_ENDIAN ? 0 : 1;
const HIGH = 1 - LOW;

/**
 * Calls `each` for every attribute between `start` and `end`: its type without flag bits, and where its value lies in
 * `bytes`. Nested attributes are read by another call with `from` and `to`. Throws KernelError when malformed.
 */
export function forEachAttribute(
  bytes: Uint8Array,
  start: number,
  end: number,
  each: (type: number, from: number, to: number) => void,
): void {
  if (start < 0 || end > bytes.length) throw malformed('attributes', start, end - start);
  for (let at = start; at < end; ) {
    const size = at + ATTRIBUTE_HEADER_SIZE > end ? 0 : readU16(bytes, at);
    if (size < ATTRIBUTE_HEADER_SIZE || at + size > end) throw malformed('attribute', at, size);
    each(readU16(bytes, at + 2) & NLA_TYPE_MASK, at + ATTRIBUTE_HEADER_SIZE, at + size);
    at += (size + 3) & ~3;
  }
}

/** In the machine's byte order. Not a DataView: to make one costs more than to read a small attribute. */
function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at + LOW] ?? 0) | ((bytes[at + HIGH] ?? 0) << 8);
}
