/** One object of an API server. */
import type { ApiClient } from './api-client.ts';
import { ApiError, isRecord } from './api-error.ts';

/** No API server stores objects of this size. */
const LARGEST_BYTES = 16 * 2 ** 20;

/**
 * @param path `/api/v1/nodes/node-a`
 * @throws ApiError, `not-found` when there is none; the signal's reason when it fires
 */
export async function readObject(
  client: Pick<ApiClient, 'get' | 'server'>,
  path: string,
  options: { readonly signal: AbortSignal; readonly silenceMs: number },
): Promise<Readonly<Record<string, unknown>>> {
  const url = `${client.server}${path}`;
  return parseObject(await readAll(await client.get(path, {}, options), url), url);
}

async function readAll(chunks: AsyncIterable<Buffer>, url: string): Promise<string> {
  const all: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    all.push(chunk);
    size += chunk.length;
    if (size > LARGEST_BYTES) throw new ApiError('invalid-answer', `${url}: the answer has no end`);
  }
  return Buffer.concat(all).toString('utf8');
}

function parseObject(text: string, url: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApiError('invalid-answer', `${url}: the answer is no JSON`, { cause });
  }
  if (isRecord(value)) return value;
  throw new ApiError('invalid-answer', `${url}: the answer is no object`);
}
