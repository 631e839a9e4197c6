/** Netlink attributes as bytes (linux/netlink.h): length, type, value, and padding to four bytes. */
import { align, IS_LITTLE_ENDIAN, malformed, viewOf } from './message.ts';

/** Values by their types, which every family numbers for itself. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** Length and type. */
export const ATTRIBUTE_HEADER_SIZE = 4;
/** The upper two bits of a type: attributes are in the value, or a number in network byte order (IP sets want it said). */
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
export const NLA_TYPE_MASK = 0x3fff;

/** One attribute after the other, in the order given. */
export function encodeAttributes(
  attributes: Iterable<readonly [type: number, value: Uint8Array]>,
): Uint8Array {
  const all = [...attributes];
  const size = all.reduce((sum, [, value]) => sum + align(ATTRIBUTE_HEADER_SIZE + value.length), 0);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let start = 0;
  for (const [type, value] of all) {
    view.setUint16(start, ATTRIBUTE_HEADER_SIZE + value.length, IS_LITTLE_ENDIAN);
    view.setUint16(start + 2, type, IS_LITTLE_ENDIAN);
    bytes.set(value, start + ATTRIBUTE_HEADER_SIZE);
    start += align(ATTRIBUTE_HEADER_SIZE + value.length);
  }
  return bytes;
}

/** Of an attribute that comes twice the last one counts. Throws KernelError. */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  const attributes = new Map<number, Uint8Array>();
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.subarray(start);
    const view = viewOf(rest);
    const size = rest.length < ATTRIBUTE_HEADER_SIZE ? 0 : view.getUint16(0, IS_LITTLE_ENDIAN);
    if (size < ATTRIBUTE_HEADER_SIZE || size > rest.length) throw malformed('attribute', start, size);
    attributes.set(
      view.getUint16(2, IS_LITTLE_ENDIAN) & NLA_TYPE_MASK,
      rest.subarray(ATTRIBUTE_HEADER_SIZE, size),
    );
    start += align(size);
  }
  return attributes;
}

/** Those behind a header of the family's own of so many bytes. Throws KernelError. */
export function decodeAttributesBehind(headerSize: number, payload: Uint8Array): Attributes {
  if (payload.length < headerSize) throw malformed('header', 0, payload.length);
  return decodeAttributes(payload.subarray(headerSize));
}

/** A text as the kernel wants it: with a zero byte at its end. */
export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** Up to the first zero byte, if there is one. */
export function decodeText(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
