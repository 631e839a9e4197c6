/** Bytes in tests, as people write them down. */

/** `0800 0100 666f6f00`; numbers as on little-endian machines, which is where the tests run. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
