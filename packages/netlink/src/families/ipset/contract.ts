/** IP sets as a program sees them: the kernel's own (client.ts), or a fake of them. */
import type { IpFamily } from '../../address.ts';
import type { KernelError } from '../../kernel-error.ts';

/** The types of sets in use (spec § 6.3). */
export type SetType = 'hash:ip' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port';

/** What a set is made with. */
export interface SetShape {
  /** At most 31 characters. */
  readonly name: string;
  readonly type: SetType;
  /** Of no matter to `bitmap:port`, which always spans 0-65535. */
  readonly family: IpFamily;
  /** Most entries a hash takes, and some hundredths more if they are thousands; of no matter to `bitmap:port`. */
  readonly maxEntries: number;
}

/**
 * One member as `ipset list` prints it: `10.0.0.1`, `10.0.0.1,tcp:80`, `10.0.0.1,tcp:80,10.0.0.2`,
 * `10.0.0.1,tcp:80,192.168.0.0/24`, `8080`. Addresses are canonical; a network of one address goes without its length.
 */
export type SetEntry = string;

/** One change; those of a batch are made in their order. */
export type SetEdit =
  /** Nothing happens if there is a set of this name, type and family, of whatever size. */
  | { readonly change: 'create'; readonly shape: SetShape }
  /** Entries that are there already, or are gone already, are all right. */
  | { readonly change: 'add' | 'remove'; readonly shape: SetShape; readonly entries: readonly SetEntry[] }
  /** All right if there is none. */
  | { readonly change: 'destroy'; readonly name: string }
  /** The two sets, of one type and family, take each other's names. */
  | { readonly change: 'swap'; readonly name: string; readonly other: string };

/** What was not made, and why. */
export interface SetRefusal {
  /** Of an edit of entries, only with those that were refused for this reason. */
  readonly edit: SetEdit;
  readonly error: KernelError;
}

/** A set and all its entries. */
export interface ObservedSet {
  /** Of a `bitmap:port`: IPv4 with 65536 entries, whatever it was made with. */
  readonly shape: SetShape;
  readonly entries: ReadonlySet<SetEntry>;
}

/** Reads and changes the IP sets of one network namespace. */
export interface IpSetClient {
  /**
   * Makes the changes in order, thousands of entries in one datagram; one that is refused does not stop the others.
   * Throws KernelError.
   */
  apply(edits: readonly SetEdit[], signal: AbortSignal): Promise<readonly SetRefusal[]>;
  /** The named sets with their entries, by name; one that does not exist is missing, one of an unknown type throws. */
  observe(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ObservedSet>>;
  /** How many entries each set has, anybody's, by name: cheap whatever is in them. Throws KernelError. */
  observeSizes(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}
