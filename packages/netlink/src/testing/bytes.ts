/** Bytes in tests: as people write them down, and as nobody should. */
import { KernelError } from '../kernel-error.ts';

/** `0800 0100 666f6f00`; numbers as on little-endian machines, which is where the tests run. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** What bytes are read as does not matter; if they are refused, it is with a KernelError. Anything else is thrown. */
export function readOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
}
