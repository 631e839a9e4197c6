/** IP sets: sets of addresses, ports and both, and their entries. */
export { KernelIpSets, openIpSetClient } from './client.ts';
export { IPSET_ERR } from './constants.ts';
export type * from './contract.ts';
