/** A program for the kernel that keeps the news of our own doing out of a socket (linux/filter.h). */
import { IS_LITTLE_ENDIAN, viewOf } from './message.ts';

const INSTRUCTION_SIZE = 8;
/** BPF_LD | BPF_W | BPF_ABS: read four bytes of the datagram, as a number in network byte order. */
const LOAD_WORD = 0x20;
/** BPF_JMP | BPF_JEQ | BPF_K */
const JUMP_IF_EQUAL = 0x15;
/** BPF_RET | BPF_K: how many bytes of the datagram to let through. */
const RETURN = 0x06;
const NOTHING = 0;
const EVERYTHING = 0xffffffff;
/** Of nlmsg_pid in the header of a message. */
const PORT_OFFSET = 12;
/** A jump leads 255 instructions forward at most. */
const MAX_PORTS = 255;

/** Keeps out every datagram whose first message came about because of one of these ports. */
export function encodePortFilter(ports: readonly number[]): Uint8Array {
  if (ports.length > MAX_PORTS) throw new Error(`BUG: a filter of ${ports.length} netlink ports`);
  const instructions = [
    encodeInstruction(LOAD_WORD, 0, PORT_OFFSET),
    ...ports.map((port, index) => encodeInstruction(JUMP_IF_EQUAL, ports.length - index, asLoaded(port))),
    encodeInstruction(RETURN, 0, EVERYTHING),
    encodeInstruction(RETURN, 0, NOTHING),
  ];
  return new Uint8Array(Buffer.concat(instructions));
}

/** struct sock_filter; `jump`: how many instructions to skip if the condition holds. */
function encodeInstruction(code: number, jump: number, operand: number): Uint8Array {
  const bytes = new Uint8Array(INSTRUCTION_SIZE);
  const view = viewOf(bytes);
  view.setUint16(0, code, IS_LITTLE_ENDIAN);
  view.setUint8(2, jump);
  view.setUint32(4, operand, IS_LITTLE_ENDIAN);
  return bytes;
}

/** The header has the machine's byte order, and the program reads it as if it had that of the network. */
function asLoaded(port: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, port, IS_LITTLE_ENDIAN);
  return view.getUint32(0, false);
}
