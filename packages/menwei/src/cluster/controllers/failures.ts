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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
