/** The calls of the C library that Node.js does not offer: the only native code here. */
export { enlargeReceiveBuffer } from './buffer-size.ts';
export { DatagramBatch } from './datagram-batch.ts';
export * from './ffi.ts';
export * from './socket-address.ts';
export {
  encodeProgram,
  INTERFACE_INDEX,
  type Instruction,
  KEEP_OUT,
  LET_IN,
  PACKET_TYPE,
} from './socket-filter.ts';
