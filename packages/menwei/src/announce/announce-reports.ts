/** What announcing has to tell as it happens. */
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
  /** Something about announcing the address is wrong, by this node or its owner. */
  readonly failed: (address: string, why: string) => void;
  /** The segment was asked whether the owner of an address answers for it. */
  readonly checked: (result: 'ok' | 'silent' | 'mismatch') => void;
}
