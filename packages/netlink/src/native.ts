/** The calls of the C library that Node.js does not offer: the only native code here. */
export * from './ffi.ts';
export * from './socket-address.ts';
