/** What is told of announcing: to the log, as events and metrics. */
import type { Answering, Cause, Holder } from './duty.ts';

export interface AnnounceReports {
  /** This node answers for the address from now on. */
  readonly announced: (address: string, duty: Answering) => void;
  /** It does no longer. */
  readonly withdrawn: (address: string, why: string) => void;
  /** It is to answer for the address, and another machine has it. */
  readonly stoodBy: (address: string, holder: Holder) => void;
  /** It took the address over from another node. */
  readonly failedOver: (address: string, cause: Cause) => void;
  /** Another machine has said that the address is its own, while this node answered for it. */
  readonly conflict: (address: string, holder: Holder, outcome: 'defended' | 'stopped') => void;
  /** A machine that is no node of this cluster has the address. */
  readonly inUse: (address: string, holder: Holder) => void;
}
