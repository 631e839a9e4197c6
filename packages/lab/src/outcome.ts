/** What came of a request: an answer or a failure. Both are ordinary values, since tests ask for either. */
import { getSystemErrorName } from 'node:util';
import { KernelError } from '@menwei/netlink';

export interface Answer {
  /** The pod that answered. */
  readonly pod: string;
  /** The node that pod is on. */
  readonly node: string;
  /** The client address and port as the pod saw them. */
  readonly client: string;
  readonly clientPort: number;
  /** HTTP status; 200 for UDP. */
  readonly status: number;
}

/**
 * - `refused`: a TCP reset or an ICMP "port unreachable" at once;
 * - `timeout`: nothing came back in time;
 * - `unreachable`: no route, or an ICMP "unreachable" or "prohibited";
 * - `reset`, `closed`: an established connection was reset, or ended by the other side;
 * - `failed`: anything else, see `detail`.
 */
type FailureKind = 'refused' | 'timeout' | 'unreachable' | 'reset' | 'closed' | 'failed';

export interface Failure {
  readonly error: FailureKind;
  readonly detail: string;
}

export type Outcome = Answer | Failure;

export function isFailure(outcome: object): outcome is Failure {
  return 'error' in outcome;
}

/** How many requests of a series each pod answered, and how many failed in which way. */
export interface Tally {
  readonly total: number;
  readonly byPod: Readonly<Record<string, number>>;
  /** How often the pods saw each client address. */
  readonly byClient: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  readonly elapsedMs: number;
}

export function tally(outcomes: readonly Outcome[], elapsedMs: number): Tally {
  const byPod: Record<string, number> = {};
  const byClient: Record<string, number> = {};
  const failures: Partial<Record<FailureKind, number>> = {};
  let failed = 0;
  for (const outcome of outcomes) {
    if (isFailure(outcome)) {
      failed += 1;
      failures[outcome.error] = (failures[outcome.error] ?? 0) + 1;
    } else {
      byPod[outcome.pod] = (byPod[outcome.pod] ?? 0) + 1;
      byClient[outcome.client] = (byClient[outcome.client] ?? 0) + 1;
    }
  }
  return { total: outcomes.length, byPod, byClient, failed, failures, elapsedMs };
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'unreachable',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
};

/** The name of the error number, `ECONNREFUSED`, or nothing. */
function codeOf(error: unknown): string {
  if (error instanceof KernelError) return error.errno === undefined ? '' : getSystemErrorName(-error.errno);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  return { error: KINDS[code] ?? 'failed', detail: error instanceof Error ? error.message : String(error) };
}
