/** Programs for the kernel that keep datagrams out of a socket: classic BPF (linux/filter.h). */
import { IS_LITTLE_ENDIAN, viewOf } from './message.ts';

const INSTRUCTION_SIZE = 8;
const NOTHING = 0;
const EVERYTHING = 0xffffffff;

/** There are two registers, A and X, and some memory. A load outside of the datagram keeps it out. */
const CODES = {
  /** A = number at a place, or at a place counted from X; read in network byte order. */
  loadWord: 0x20,
  loadByte: 0x30,
  loadWordFromX: 0x40,
  loadHalfFromX: 0x48,
  loadByteFromX: 0x50,
  /** A = length of the datagram. */
  loadLength: 0x80,
  /** A = operand, X = operand. */
  setA: 0x00,
  setX: 0x01,
  loadMemory: 0x60,
  loadMemoryToX: 0x61,
  store: 0x02,
  copyAToX: 0x07,
  add: 0x04,
  addX: 0x0c,
  subtractX: 0x1c,
  and: 0x54,
  orX: 0x4c,
  shiftLeft: 0x64,
  shiftRight: 0x74,
  ifEqual: 0x15,
  ifEqualToX: 0x1d,
  ifAtLeast: 0x35,
  ifGreaterThan: 0x25,
  ifGreaterThanX: 0x2d,
  /** How many bytes of the datagram to let through. */
  end: 0x06,
} as const;

/**
 * Where a load reads what the kernel knows of a packet, and not the packet: whom it was sent to
 * (PACKET_HOST …), and the interface it was received on.
 */
export const PACKET_TYPE = 0xfffff004;
export const INTERFACE_INDEX = 0xfffff008;

/** One instruction of a classic BPF program. */
export interface Instruction {
  readonly do: keyof typeof CODES;
  readonly operand?: number;
  /** How many instructions to skip if the condition holds, and if it does not; 255 at most. */
  readonly skipIf?: number;
  readonly skipElse?: number;
}

/** The datagram is received. */
export const LET_IN: Instruction = { do: 'end', operand: EVERYTHING };
/** The datagram is dropped, and nobody is told. */
export const KEEP_OUT: Instruction = { do: 'end', operand: NOTHING };

/** An array of struct sock_filter. */
export function encodeProgram(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_SIZE);
  const view = viewOf(bytes);
  for (const [index, { do: code, operand = 0, skipIf = 0, skipElse = 0 }] of instructions.entries()) {
    const at = index * INSTRUCTION_SIZE;
    if (skipIf > 255 || skipElse > 255) throw new Error('BUG: a jump in a socket filter leads too far');
    view.setUint16(at, CODES[code], IS_LITTLE_ENDIAN);
    view.setUint8(at + 2, skipIf);
    view.setUint8(at + 3, skipElse);
    view.setUint32(at + 4, operand, IS_LITTLE_ENDIAN);
  }
  return bytes;
}

/** A number of the machine's byte order, as a program reads it. */
export function asLoaded(number: number, size: 2 | 4 = 4): number {
  const view = new DataView(new ArrayBuffer(4));
  if (size === 4) view.setUint32(0, number, IS_LITTLE_ENDIAN);
  else view.setUint16(0, number, IS_LITTLE_ENDIAN);
  return size === 4 ? view.getUint32(0) : view.getUint16(0);
}
