/** What a refused write means to a controller. */
import { StatusError } from '../schema/status-error.ts';

/** The namespace is going or gone: it would be refused again and again, and nobody needs it. */
export function endsWithNamespace(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const { code, details } = error.refusal;
  if (code === 404 && details?.kind === 'namespaces') return true;
  return details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
}

/** There is no such object (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404;
}

/** Somebody else has written it meanwhile, or made it. */
export function isConflict(error: unknown): boolean {
  return error instanceof StatusError && error.code === 409;
}

/** Somebody else has deleted or written it meanwhile. */
export function isOvertaken(error: unknown): boolean {
  return isNotFound(error) || isConflict(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits for a write whose failure may mean that there is nothing left to do. Rejects with any other failure. */
export async function ignoring(
  isHarmless: (error: unknown) => boolean,
  write: Promise<unknown>,
): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isHarmless(error)) throw error;
  }
}
