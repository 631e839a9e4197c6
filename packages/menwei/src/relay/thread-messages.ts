/** What the pool and its threads tell each other; all of it is data that may be copied between threads. */
import { KernelError } from '@menwei/netlink';
import type { ListenFailure, Relay, RelayKey, RelayLimits } from './contract.ts';
import type { Tally } from './event-tally.ts';

/** What a thread is given at its start. */
export interface ThreadData {
  readonly limits: RelayLimits;
  /** See `allocateBudget`. */
  readonly descriptors: SharedArrayBuffer;
  /** Among the threads, and the holders of the budget. */
  readonly number: number;
}

export type Changes = ReadonlyMap<RelayKey, Relay | undefined>;

/** Every request is answered with its id. */
export type ThreadRequest =
  | { readonly id: number; readonly apply: Changes }
  /** Answered when nothing is open any more. */
  | { readonly id: number; readonly close: true };

/** How many are open now. */
export interface OpenCounts {
  readonly connections: number;
  readonly flows: number;
}

export interface ThreadReport {
  readonly open: OpenCounts;
  /** Undefined: nothing happened since the last report. */
  readonly tally: Tally | undefined;
}

export type ThreadMessage =
  | { readonly id: number; readonly failures: readonly FailureData[] }
  | { readonly id: number; readonly thrown: string }
  | { readonly report: ThreadReport };

/** A {@link ListenFailure}; an error would lose its class on the way. */
interface FailureData {
  readonly key: RelayKey;
  readonly ip: string;
  readonly port: number;
  readonly operation: string;
  readonly object: string;
  readonly detail: string;
  readonly errno: number | undefined;
}

export function encodeFailure({ key, ip, port, error }: ListenFailure): FailureData {
  const { operation, object, detail, errno } = error;
  return { key, ip, port, operation, object, detail, errno };
}

export function decodeFailure({ key, ip, port, ...failure }: FailureData): ListenFailure {
  return { key, ip, port, error: new KernelError(failure) };
}
