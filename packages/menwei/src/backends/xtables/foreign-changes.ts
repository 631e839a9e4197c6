/** How the watch learns that others may have changed iptables rules: one implementation for each variant of the tools. */
import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';

export const UNKNOWN_PROGRAM = 'another program';

/** What others may have changed. */
export interface Suspicion {
  /** Nobody can tell where. */
  readonly isEverywhere: boolean;
  readonly changes: readonly ForeignChange[];
}

interface ForeignChange {
  /** Who it was, as far as the kernel knows: `iptables (process 4711)` */
  readonly by: string;
  readonly chains: readonly ChainId[];
}

export interface ForeignChanges {
  /** All rules are about to be read, so that whatever others have done before is going to be known. */
  reading(): void;
  /** All rules were read, so many. */
  read(rules: number): void;
  /** Does some work of our own, which changes rules. */
  changing<T>(work: () => Promise<T>): Promise<T>;
  /** Follows what others do until the signal ends it. May reject, and is then begun anew. */
  follow(signal: AbortSignal): Promise<void>;
  /** Waits until there may be something to take. */
  wait(signal: AbortSignal): Promise<void>;
  /** What came since it was asked last; undefined: nothing. To be asked while we change nothing ourselves. */
  take(): Suspicion | undefined;
  /** A suspicion about all chains was looked into, in so much time, and `wasRight` if nothing was found. */
  compared(milliseconds: number, wasRight: boolean): void;
  /** What was taken could not be looked into, so it is still to be. */
  giveBack(suspicion: Suspicion): void;
  close(): void;
}
