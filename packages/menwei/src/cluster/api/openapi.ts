/** The paths of OpenAPI documents (cluster § 5.4). */
import { matchesRange, parseAccept } from '../../http/accept.ts';
import { type OpenApiDocument, openApiV2, openApiV3Document, openApiV3Index } from '../openapi/openapi.ts';
import { sendCacheable } from './cacheable.ts';
import type { Exchange } from './exchange.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** As clients before 1.27 write it. */
const OLD_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V3 = '/openapi/v3/';

/** False: there is no such document. */
export function answerOpenApi(path: string, exchange: Exchange): boolean {
  if (path === '/openapi/v2') {
    const isProtobuf = wantsProtobuf(exchange.request.headers.accept);
    if (isProtobuf) send(exchange, openApiV2.protobuf(), PROTOBUF);
    else send(exchange, openApiV2.json(), JSON_TYPE);
    return true;
  }
  const document = path === '/openapi/v3' ? openApiV3Index() : documentAt(path);
  if (document === undefined) return false;
  // What stands behind an address with a hash never changes.
  send(exchange, document, JSON_TYPE, exchange.query.has('hash') ? 'public, immutable' : undefined);
  return true;
}

function documentAt(path: string): OpenApiDocument | undefined {
  return path.startsWith(V3) ? openApiV3Document(path.slice(V3.length)) : undefined;
}

function wantsProtobuf(accept = ''): boolean {
  for (const { range } of parseAccept(accept)) {
    if (range === PROTOBUF || range === OLD_PROTOBUF) return true;
    if (matchesRange(range, JSON_TYPE)) return false;
  }
  return false;
}

function send(
  exchange: Exchange,
  { bytes, hash }: OpenApiDocument,
  contentType: string,
  cache?: string,
): void {
  const headers = { Vary: 'Accept', ...(cache === undefined ? {} : { 'Cache-Control': cache }) };
  sendCacheable(exchange, { contentType, body: bytes, etag: hash, headers });
}
