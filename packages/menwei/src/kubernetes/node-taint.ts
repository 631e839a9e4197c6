/** Takes a taint from a Node object, and touches nothing else of it. */
import type { ApiClient } from './api-client.ts';
import { ApiError, isRecord } from './api-error.ts';

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
const LARGEST_NODE_BYTES = 16 * 2 ** 20;

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
  const body = await readAll(await client.get(path, {}, { signal, silenceMs: SILENCE_MS }));
  const patch = patchWithout(taint, taintsOf(body, `${client.server}${path}`));
  if (patch.length === 0) return 'absent';
  await client.write({ method: 'PATCH', patch: 'json', path, body: patch, signal, silenceMs: SILENCE_MS });
  return 'removed';
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    all.push(chunk);
    size += chunk.length;
    if (size > LARGEST_NODE_BYTES) throw new ApiError('invalid-answer', 'the Node object has no end');
  }
  return Buffer.concat(all).toString('utf8');
}

function taintsOf(text: string, url: string): readonly Readonly<Record<string, unknown>>[] {
  const { spec = {} } = parseObject(text, url);
  const { taints = [] } = isRecord(spec) ? spec : {};
  if (isRecord(spec) && Array.isArray(taints) && taints.every(isRecord)) return taints;
  throw new ApiError('invalid-answer', `${url}: the answer is no Node`);
}

function parseObject(text: string, url: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw new ApiError('invalid-answer', `${url}: the answer is no JSON`, { cause });
  }
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
