/** Interfaces and their addresses. */
export { KernelLinks, openLinkClient } from './client.ts';
export { RTM, RTNLGRP } from './constants.ts';
export type * from './contract.ts';
export { AddressReader, decodeInterfaceIndex, decodeLink, type ObservedAddress } from './message.ts';
