import type { AddressOwner } from './announcement-view.ts';
import type { Readiness } from './wanted-status.ts';

/** Where a Service stands: a row of `/status`. */
export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  /** The class by whose rules it is served. */
  readonly servedAs: string;
  readonly addresses: readonly string[];
  /** Of each address, in their order; empty text: none. */
  readonly pools: readonly string[];
  readonly ready: Readiness | undefined;
  /** Of each address that is announced. */
  readonly owners: readonly (AddressOwner & { readonly address: string })[];
  /** Why the last sync failed; undefined: it did not. */
  readonly failure: string | undefined;
  /** Milliseconds since the epoch. */
  readonly retryAtMs: number | undefined;
}
