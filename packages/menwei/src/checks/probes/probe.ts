/** What every way of asking an endpoint has in common. */
import { errorCode } from '../../log/error-text.ts';
import type { CheckResult } from '../../state/endpoint-health.ts';

export interface Asked {
  readonly ip: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** When a check that was not answered is doubted. */
  readonly fastMs: number;
}

/** Called once at most. @param detail in words; empty: the result says all */
export type Answer = (result: CheckResult, detail: string) => void;

/** Ends it without an answer; after the answer it does no harm. */
export type Cancel = () => void;

const RESULTS: ReadonlyMap<string, CheckResult> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  // Told by a router, or by nobody who answers for the address on the segment: the endpoint's side.
  ['EHOSTUNREACH', 'timeout'],
  ['EHOSTDOWN', 'timeout'],
]);

/** What this node could not do says nothing about an endpoint. */
export function resultOfError(error: unknown): readonly [CheckResult, string] {
  const code = codeOf(error);
  const result = RESULTS.get(code) ?? 'local-error';
  const says = code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'ETIMEDOUT';
  return [result, says ? '' : code];
}

export function codeOf(error: unknown): string {
  return errorCode(error) || 'error';
}

/** Passes on the first answer alone. */
export function once(answer: Answer): Answer {
  let isAnswered = false;
  return (result, detail) => {
    if (isAnswered) return;
    isAnswered = true;
    answer(result, detail);
  };
}
