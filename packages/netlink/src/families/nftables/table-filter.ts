/**
 * Programs for the kernel that let the news of one table or family into a socket, and nothing else but the end of every
 * transaction. The kernel puts messages of one transaction together, whatever tables they are about, so each of a datagram is
 * looked at.
 */
import { ATTRIBUTE_HEADER_SIZE } from '../../attribute.ts';
import { HEADER_SIZE, IS_LITTLE_ENDIAN } from '../../message.ts';
import { NFGENMSG_SIZE } from '../../nfnetlink.ts';
import { keepPortsOut } from '../../port-filter.ts';
import { asLoaded, encodeProgram, type Instruction, KEEP_OUT, LET_IN } from '../../socket-filter.ts';
import { NFPROTO, NFT_MSG, NFTA_TABLE } from './constants.ts';
import type { TableFamily } from './model.ts';

/** Places in a message. The first attribute is the name of the table, in all that is told. */
const SIZE_OFFSET = IS_LITTLE_ENDIAN ? 0 : 2;
const TYPE_OFFSET = 4;
const FAMILY_OFFSET = HEADER_SIZE;
const ATTRIBUTE_OFFSET = HEADER_SIZE + NFGENMSG_SIZE;
const NAME_OFFSET = ATTRIBUTE_OFFSET + ATTRIBUTE_HEADER_SIZE;
/** With the shortest name. */
const LEAST_SIZE = NAME_OFFSET + 4;
/** Memory of the program: where the message at hand begins. */
const PLACE = 0;
const SCRATCH = 1;
/**
 * Messages of a datagram: the most that the kernel puts into one, and what those before 6.8 have memory for, by default
 * (net.core.optmem_max).
 */
const LOOKED_AT: readonly number[] = [68, 20];

/** One table, or all of a family. */
interface Wanted {
  readonly family: TableFamily;
  readonly name?: string;
}

/** Lets the end of every transaction in, which comes by itself, and nothing else. */
export function encodeGenerationFilter(): Uint8Array {
  return encodeProgram([
    { do: 'setX', operand: 0 },
    { do: 'loadHalfFromX', operand: TYPE_OFFSET },
    { do: 'ifEqual', operand: asLoaded(NFT_MSG.NEWGEN, 2), skipElse: 1 },
    LET_IN,
    KEEP_OUT,
  ]);
}

/** Such filters in the order in which they are to be tried: the largest looks at whatever there is, and needs most memory. */
export function encodeTableFilters(wanted: Wanted, ports: readonly number[]): readonly Uint8Array[] {
  return LOOKED_AT.map((messages) => encodeTableFilter(wanted, ports, messages));
}

/**
 * Of each datagram so many messages are looked at; what has more is let in, and so is what can't be read. Nothing that
 * the ports did is let in at all.
 */
export function encodeTableFilter(wanted: Wanted, ports: readonly number[], messages: number): Uint8Array {
  const one = lookAtMessage(wanted);
  return encodeProgram([
    ...keepPortsOut(ports),
    { do: 'setA', operand: 0 },
    { do: 'store', operand: PLACE },
    { do: 'setX', operand: 0 },
    ...Array.from({ length: messages }, () => one).flat(),
    LET_IN,
  ]);
}

/** X is where the message begins, and then where the next one does. */
function lookAtMessage({ family, name }: Wanted): readonly Instruction[] {
  const chunks = name === undefined ? [] : loadsOf(name);
  const toNext = (index: number) => 2 * (chunks.length - index) - 1;
  return [
    { do: 'loadLength' },
    { do: 'ifEqualToX', skipElse: 1 },
    KEEP_OUT,
    { do: 'ifGreaterThanX', skipIf: 1 },
    LET_IN,
    { do: 'subtractX' },
    { do: 'ifAtLeast', operand: LEAST_SIZE, skipIf: 1 },
    LET_IN,
    { do: 'loadHalfFromX', operand: TYPE_OFFSET },
    { do: 'ifEqual', operand: asLoaded(NFT_MSG.NEWGEN, 2), skipElse: 1 },
    LET_IN,
    { do: 'loadByteFromX', operand: FAMILY_OFFSET },
    { do: 'ifEqual', operand: NFPROTO[family], skipElse: 2 * chunks.length + 1 },
    ...chunks.flatMap(({ load, operand }, index): readonly Instruction[] => [
      load,
      { do: 'ifEqual', operand, skipElse: toNext(index) },
    ]),
    LET_IN,
    ...goToNext(),
  ];
}

/** The header of the attribute and the name with its end, piece by piece. */
function loadsOf(name: string): readonly { readonly load: Instruction; readonly operand: number }[] {
  const text = new TextEncoder().encode(`${name}\0`);
  const chunks: { load: Instruction; operand: number }[] = [
    {
      load: { do: 'loadHalfFromX', operand: ATTRIBUTE_OFFSET },
      operand: asLoaded(ATTRIBUTE_HEADER_SIZE + text.length, 2),
    },
    { load: { do: 'loadHalfFromX', operand: ATTRIBUTE_OFFSET + 2 }, operand: asLoaded(NFTA_TABLE.NAME, 2) },
  ];
  const view = new DataView(text.buffer);
  for (let at = 0; at < text.length; ) {
    const rest = text.length - at;
    const operand = NAME_OFFSET + at;
    if (rest >= 4) {
      chunks.push({ load: { do: 'loadWordFromX', operand }, operand: view.getUint32(at) });
      at += 4;
    } else {
      chunks.push({ load: { do: 'loadByteFromX', operand }, operand: view.getUint8(at) });
      at += 1;
    }
  }
  return chunks;
}

/** No message is longer than two bytes of its size can say. */
function goToNext(): readonly Instruction[] {
  const swapped: readonly Instruction[] = [
    { do: 'store', operand: SCRATCH },
    { do: 'shiftRight', operand: 8 },
    { do: 'copyAToX' },
    { do: 'loadMemory', operand: SCRATCH },
    { do: 'and', operand: 0xff },
    { do: 'shiftLeft', operand: 8 },
    { do: 'orX' },
    { do: 'loadMemoryToX', operand: PLACE },
  ];
  return [
    { do: 'loadHalfFromX', operand: SIZE_OFFSET },
    ...(IS_LITTLE_ENDIAN ? swapped : []),
    { do: 'ifAtLeast', operand: LEAST_SIZE, skipIf: 1 },
    LET_IN,
    { do: 'add', operand: 3 },
    { do: 'and', operand: 0xfffffffc },
    { do: 'addX' },
    { do: 'store', operand: PLACE },
    { do: 'copyAToX' },
  ];
}
