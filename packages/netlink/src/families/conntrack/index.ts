/** The kernel's connection tracking: which entries it has, and deleting some of them. */

export { type ConntrackPredicate, ConntrackTable } from './client.ts';
export {
  type ConntrackAddress,
  type ConntrackEntry,
  isSameAddress,
  type SourcedConntrackEntry,
} from './contract.ts';
export { type ConntrackFilter, formatFilter, matchesFilter } from './filter.ts';
export type { ConntrackTransport } from './listing.ts';
