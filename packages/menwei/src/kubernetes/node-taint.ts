/** Takes a taint from a Node object, and touches nothing else of it. */
import type { ApiClient } from './api-client.ts';
import { ApiError, isRecord } from './api-error.ts';
import { readObject } from './read-object.ts';

interface Taint {
  readonly key: string;
  /** Undefined: any. */
  readonly effect: string | undefined;
}

/** A JSON patch (RFC 6902): all of it is done, or nothing. */
type Patch = readonly (
  | { readonly op: 'test'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string }
)[];

const SILENCE_MS = 10_000;

/**
 * `absent`: there is no such taint. A list of taints that has changed since it was read is refused by the server, so that no
 * other taint is lost.
 *
 * @throws ApiError; the signal's reason when it fires
 */
export async function removeTaint(
  client: Pick<ApiClient, 'get' | 'write' | 'server'>,
  nodeName: string,
  taint: Taint,
  signal: AbortSignal,
): Promise<'removed' | 'absent'> {
  const path = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;
  const url = `${client.server}${path}`;
  const node = await readObject(client, path, { signal, silenceMs: SILENCE_MS });
  const patch = patchWithout(taint, taintsOf(node, url));
  if (patch.length === 0) return 'absent';
  await client.write({ method: 'PATCH', patch: 'json', path, body: patch, signal, silenceMs: SILENCE_MS });
  return 'removed';
}

function taintsOf(
  { spec = {} }: Readonly<Record<string, unknown>>,
  url: string,
): readonly Readonly<Record<string, unknown>>[] {
  const { taints = [] } = isRecord(spec) ? spec : {};
  if (isRecord(spec) && Array.isArray(taints) && taints.every(isRecord)) return taints;
  throw new ApiError('invalid-answer', `${url}: the answer is no Node`);
}

/** From the last one on, so that the places of the others stay what they are. */
function patchWithout({ key, effect }: Taint, taints: readonly Readonly<Record<string, unknown>>[]): Patch {
  return taints
    .flatMap((taint, index) => {
      if (taint.key !== key || (effect !== undefined && taint.effect !== effect)) return [];
      const place = `/spec/taints/${index}`;
      const found = typeof taint.effect === 'string' ? taint.effect : '';
      return [
        [
          { op: 'test', path: `${place}/key`, value: key },
          { op: 'test', path: `${place}/effect`, value: found },
          { op: 'remove', path: place },
        ] as const,
      ];
    })
    .reverse()
    .flat();
}
