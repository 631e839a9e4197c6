/** A program for the kernel that keeps the news of our own doing out of a socket. */
import { asLoaded, encodeProgram, type Instruction, KEEP_OUT, LET_IN } from './socket-filter.ts';

/** Of nlmsg_pid in the header of a message. */
const PORT_OFFSET = 12;
/** A jump leads 255 instructions forward at most. */
const MAX_PORTS = 255;

/** Keeps out every datagram whose first message came about because of one of these ports (255 at most). */
export function encodePortFilter(ports: readonly number[]): Uint8Array {
  return encodeProgram([...keepPortsOut(ports), LET_IN]);
}

/** The same as the beginning of a longer program. */
export function keepPortsOut(ports: readonly number[]): readonly Instruction[] {
  if (ports.length > MAX_PORTS) throw new Error(`BUG: a filter of ${ports.length} netlink ports`);
  const last = ports.length - 1;
  return [
    { do: 'loadWord', operand: PORT_OFFSET },
    ...ports.map((port, index): Instruction => {
      const test = { do: 'ifEqual', operand: asLoaded(port) } as const;
      return index === last ? { ...test, skipElse: 1 } : { ...test, skipIf: last - index };
    }),
    ...(ports.length === 0 ? [] : [KEEP_OUT]),
  ];
}
