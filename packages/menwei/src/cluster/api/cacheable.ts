/** Answers that clients may cache, and ask for again by their ETag. */
import type { Exchange } from './exchange.ts';

interface CacheableAnswer {
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** 304 without a body for a client that has it already (`If-None-Match`). */
export function sendCacheable(
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  { contentType, body, etag, headers }: CacheableAnswer,
): void {
  const quoted = `"${etag}"`;
  const all = { ...headers, ETag: quoted };
  if (request.headers['if-none-match'] === quoted) {
    reply.begin(304, contentType, all);
    reply.response.end();
  } else {
    reply.send(200, contentType, body, all);
  }
}
