/** Errors as text. */

/** An error may be its own cause at some remove; nobody reads further than this. */
const MAX_CAUSES = 10;

/** `what failed: why: and why that`. */
export function formatErrorChain(error: unknown): string {
  return causes(error).map(messageOf).join(': ');
}

/** The same with the stack of each. */
export function formatErrorStack(error: unknown): string {
  return causes(error)
    .map((cause) => (cause instanceof Error ? (cause.stack ?? messageOf(cause)) : messageOf(cause)))
    .join('\ncaused by ');
}

/** Such as `ENOENT`, of an error of the operating system; empty: it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let next = error; next !== undefined && chain.length < MAX_CAUSES; ) {
    chain.push(next);
    next = next instanceof Error ? next.cause : undefined;
  }
  return chain;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Of several attempts (happy eyeballs) only the parts have a message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error.message === '' ? error.name : error.message;
}
