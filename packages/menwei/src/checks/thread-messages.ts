/** What the program and its thread of checks tell each other; all of it is data that may be copied between threads. */
import type { CheckResult } from '../state/endpoint-health.ts';
import type { TargetOrders, VerdictChange } from './machine/target.ts';

/** What the thread is given at its start. */
export interface ThreadData {
  readonly userAgent: string;
  readonly ratePerSecond: number;
}

export type ThreadRequest = TargetOrders | { readonly ratePerSecond: number };

export interface ThreadNews {
  readonly changes: readonly VerdictChange[];
  /** Groups of whose checks none ever succeeded. */
  readonly neverSucceeded: readonly string[];
  /** Only when that has changed. */
  readonly isBlind?: boolean;
}

/** Since the last report. */
interface ThreadReport {
  readonly results: ReadonlyMap<CheckResult, number>;
  /** How long checks took that were answered, in seconds. */
  readonly seconds: Float32Array;
  /** Checks that had to wait for the rate. */
  readonly delayed: number;
  /** See CheckMachine. */
  readonly stretch: number;
}

export type ThreadMessage = { readonly news: ThreadNews } | { readonly report: ThreadReport };
