/** Values of IPVS's attributes where they lie. All throw KernelError if the length is not what it must be. */
import type { IpFamily } from '../../address.ts';
import { decodeIpv4, decodeIpv6 } from '../../address-bytes.ts';
import type { AsciiWriter } from '../../ascii-writer.ts';
import { IS_LITTLE_ENDIAN, malformed } from '../../message.ts';

/** union nf_inet_addr */
const ADDRESS_SIZE = 16;

/** In the machine's byte order, as the next ones. */
export function readU16(view: DataView, from: number, to: number): number {
  check(from, to, 2);
  return view.getUint16(from, IS_LITTLE_ENDIAN);
}

/** In the machine's byte order. Throws KernelError for a value of another size. */
export function readU32(view: DataView, from: number, to: number): number {
  check(from, to, 4);
  return view.getUint32(from, IS_LITTLE_ENDIAN);
}

/** In the machine's byte order. Throws KernelError for a value of another size. */
export function readU64(view: DataView, from: number, to: number): bigint {
  check(from, to, 8);
  return view.getBigUint64(from, IS_LITTLE_ENDIAN);
}

/** In network byte order. */
export function readPort(view: DataView, from: number, to: number): number {
  check(from, to, 2);
  return view.getUint16(from, false);
}

/** Where an address lies, to be read when its family is known. */
export function placeAddress(from: number, to: number): number {
  check(from, to, ADDRESS_SIZE);
  return from;
}

/** @param at from {@link placeAddress} */
export function readAddress(bytes: Uint8Array, at: number, family: IpFamily, text: AsciiWriter): string {
  if (family === 'IPv6') decodeIpv6(bytes, at, text);
  else decodeIpv4(bytes, at, text);
  return text.take();
}

function check(from: number, to: number, size: number): void {
  if (to - from !== size) throw malformed('attribute', from, to - from);
}
