/** Where the status of Services is written to: an API server, by a patch that nothing must have overtaken. */

import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { decodeService } from '../kubernetes/decode.ts';
import type { Service } from '../kubernetes/objects.ts';
import { readObject } from '../kubernetes/read-object.ts';
import { patchServiceStatus } from '../kubernetes/service-status.ts';
import { statusPatch } from './status-patch.ts';
import type { StatusChange } from './wanted-status.ts';

const SILENCE_MS = 10_000;

/** `conflict`: the Service is no longer what the change was decided by, and what it is now will come; `gone`: there is none. */
type WriteOutcome = 'written' | 'conflict' | 'gone';

export interface StatusWriter {
  /**
   * @param service as it was when the change was decided
   * @throws ApiError; the signal's reason when it fires
   */
  write(service: Service, change: StatusChange, signal: AbortSignal): Promise<WriteOutcome>;
}

export function apiStatusWriter(client: Pick<ApiClient, 'get' | 'write' | 'server'>): StatusWriter {
  return {
    write: async (service, change, signal) => {
      const { namespace, name, uid } = service;
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
      const object = await readOrGone(client, path, signal);
      if (object === undefined) return 'gone';
      // What else it has (numbers of versions, fields that nobody here reads) may be another than it was.
      if (!isDeepStrictEqual(decodeService(object).object, service)) return 'conflict';
      const outcome = await patchServiceStatus(
        client,
        { namespace, name, uid },
        statusPatch(object, change),
        signal,
      );
      return outcome === 'patched' ? 'written' : outcome;
    },
  };
}

async function readOrGone(
  client: Pick<ApiClient, 'get' | 'server'>,
  path: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return await readObject(client, path, { signal, silenceMs: SILENCE_MS });
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'not-found') return undefined;
    throw error;
  }
}
