/** The body of a request: its bytes, within bounds, and what they are written in (cluster § 5.1, 5.5). */
import type { IncomingMessage } from 'node:http';
import { type BodyFormat, decodeBody, type ExpectedKind } from '../schema/decode-body.ts';
import type { MessageName } from '../schema/shape.ts';
import { StatusError, tooLarge } from '../schema/status-error.ts';

const MAX_BYTES = 3 * 1024 * 1024;

const FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};

/** The object that a request carries, and what is wrong with its fields. @throws StatusError 400, 413 or 415 */
export async function decodeRequest<Name extends MessageName>(
  request: IncomingMessage,
  expected: ExpectedKind<Name>,
) {
  const format = formatOf(request.headers['content-type']);
  return decodeBody(expected, await readBody(request), format);
}

/** Rejects when the connection ends before the body. @throws StatusError 413; what is left is not read */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const { socket } = request;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = () => reject(new Error('the connection has ended before the body'));
  // Once a request is answered, Node tells it nothing more of its connection.
  if (socket.destroyed) end();
  else socket.once('close', end);
  try {
    return await Promise.race([gather(request), over]);
  } finally {
    socket.removeListener('close', end);
  }
}

async function gather(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge(`limit is ${MAX_BYTES}`);
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece: Buffer = chunk;
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw tooLarge(`limit is ${MAX_BYTES}`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

/** @throws StatusError 415 */
export function formatOf(contentType: string | undefined): BodyFormat {
  const type = mediaTypeOf(contentType);
  // Clients of old say nothing, and send JSON.
  if (type === '') return 'json';
  const format = Object.hasOwn(FORMATS, type) ? FORMATS[type] : undefined;
  if (format !== undefined) return format;
  throw new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${Object.keys(FORMATS).join(', ')}`,
  });
}

/** Without parameters, in lower case. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
