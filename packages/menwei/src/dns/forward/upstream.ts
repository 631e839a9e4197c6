/** The contract of who is asked for names that are not ours. */
import type { Question } from '../wire/question.ts';

/** An answer as bytes of a message: header, question and all sections; id and question are to be replaced. */
export interface ForwardedAnswer {
  readonly message: Uint8Array;
  /** How long it lay in the cache: its TTLs are that much shorter now. Milliseconds. */
  readonly ageMs: number;
  /** It is older than it may be, and sent since nobody gives a newer one (RFC 8767). */
  readonly isStale: boolean;
}

/** Nobody answered, or too many questions are under way. */
export interface ForwardFailure {
  readonly failure: 'no-answer' | 'overload' | 'no-upstream';
  readonly reason: string;
}

export interface Forwarder {
  /** At once when the cache has it. Never rejects. */
  forward(
    question: Question,
    wants: { readonly dnssec: boolean },
  ): ForwardedAnswer | Promise<ForwardedAnswer | ForwardFailure>;
}
