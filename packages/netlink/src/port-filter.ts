/** A program for the kernel that keeps the news of our own doing out of a socket. */
import { asLoaded, encodeProgram, type Instruction, KEEP_OUT, LET_IN } from './socket-filter.ts';

/** Of nlmsg_pid in the header of a message. */
const PORT_OFFSET = 12;
/** A jump leads 255 instructions forward at most. */
const MAX_PORTS = 255;

/** Keeps out every datagram whose first message came about because of one of these ports. */
export function encodePortFilter(ports: readonly number[]): Uint8Array {
  if (ports.length > MAX_PORTS) throw new Error(`BUG: a filter of ${ports.length} netlink ports`);
  return encodeProgram([
    { do: 'loadWord', operand: PORT_OFFSET },
    ...ports.map((port, index): Instruction => {
      return { do: 'ifEqual', operand: asLoaded(port), skipIf: ports.length - index };
    }),
    LET_IN,
    KEEP_OUT,
  ]);
}

/** The same as the beginning of a longer program. */
export function keepPortsOut(ports: readonly number[]): readonly Instruction[] {
  return [
    { do: 'loadWord', operand: PORT_OFFSET },
    ...ports.flatMap((port): readonly Instruction[] => [
      { do: 'ifEqual', operand: asLoaded(port), skipElse: 1 },
      KEEP_OUT,
    ]),
  ];
}
