/** Changes the status of a Service, its finalizers and annotations, and nothing that is not as it was when that was decided. */
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

const SILENCE_MS = 10_000;

/** A step of a JSON patch (RFC 6902). All of them are done, or none. */
export type PatchOperation =
  /** What is not there equals null. */
  | { readonly op: 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** `conflict`: a test has failed, since the Service is no longer what it was, or is another one; `gone`: there is none. */
type PatchOutcome = 'patched' | 'conflict' | 'gone';

/** Which one is meant; another one of its name is none of our business. */
interface PatchedService {
  readonly namespace: string;
  readonly name: string;
  /** Empty: not looked at. */
  readonly uid: string;
}

/**
 * Writes to `services/status`, where metadata may be changed, too: no other right is needed.
 *
 * @throws ApiError; the signal's reason when it fires
 */
export async function patchServiceStatus(
  client: Pick<ApiClient, 'write'>,
  { namespace, name, uid }: PatchedService,
  operations: readonly PatchOperation[],
  signal: AbortSignal,
): Promise<PatchOutcome> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}/status`;
  const isSameOne: readonly PatchOperation[] =
    uid === '' ? [] : [{ op: 'test', path: '/metadata/uid', value: uid }];
  const body = [...isSameOne, ...operations];
  try {
    await client.write({ method: 'PATCH', patch: 'json', path, body, signal, silenceMs: SILENCE_MS });
    return 'patched';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.failure === 'not-found') return 'gone';
    if (error.failure === 'conflict' || error.failure === 'mismatch') return 'conflict';
    throw error;
  }
}

/** A step of a path: `menwei.dev/x` → `menwei.dev~1x` (RFC 6901). */
export function pathStep(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
