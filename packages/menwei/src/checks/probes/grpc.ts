/** Asks by the gRPC health protocol (grpc.health.v1.Health/Check), over HTTP/2 without TLS. */
import type { ClientHttp2Session } from 'node:http2';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { type Answer, type Asked, type Cancel, codeOf, once, resultOfError } from './probe.ts';

const METHOD = '/grpc.health.v1.Health/Check';
const MOST_BYTES = 4_096;
const SERVING = 1;
const STATUS_NAMES: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** @param service empty: the whole server */
export function probeGrpc(service: string, asked: Asked, userAgent: string, givenAnswer: Answer): Cancel {
  const answer = once(givenAnswer);
  let isCancelled = false;
  let session: ClientHttp2Session | undefined;
  const start = async () => {
    // Only who needs it pays for it.
    const { connect } = await import('node:http2');
    if (isCancelled) return;
    session = connect(`http://${formatHostPort(asked.ip, asked.port)}`);
    session.on('error', (error) => answer(...resultOfSession(error)));
    session.on('close', () => answer('wrong-answer', 'closed without an answer'));
    ask(session, service, userAgent, (result, detail) => {
      answer(result, detail);
      session?.destroy();
    });
  };
  start().catch((error: unknown) => answer('local-error', codeOf(error)));
  return () => {
    isCancelled = true;
    session?.destroy();
  };
}

function ask(session: ClientHttp2Session, service: string, userAgent: string, answer: Answer): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': METHOD,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': userAgent,
  });
  let httpStatus = 0;
  let grpcStatus: string | undefined;
  const parts: Buffer[] = [];
  let received = 0;
  stream.on('response', (headers) => {
    httpStatus = headers[':status'] ?? 0;
    grpcStatus = textOf(headers['grpc-status']);
  });
  stream.on('trailers', (trailers) => {
    grpcStatus ??= textOf(trailers['grpc-status']);
  });
  stream.on('data', (bytes: Buffer) => {
    received += bytes.length;
    if (received <= MOST_BYTES) parts.push(bytes);
    else answer('wrong-answer', 'too long for an answer');
  });
  stream.on('end', () => answer(...judge(httpStatus, grpcStatus, Buffer.concat(parts))));
  stream.on('error', (error) => {
    // What ended the connection is told by the session.
    if (codeOf(error) !== 'ERR_HTTP2_STREAM_CANCEL') answer(...resultOfSession(error));
  });
  stream.end(encodeRequest(service));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A message of HealthCheckRequest in the frame of gRPC: one byte that it is not compressed, its length in four. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
}

function judge(httpStatus: number, grpcStatus: string | undefined, body: Buffer): Parameters<Answer> {
  if (httpStatus !== 200) return ['wrong-answer', `HTTP status ${httpStatus}`];
  if (grpcStatus !== '0') {
    const code = grpcStatus !== undefined && /^\d{1,3}$/.test(grpcStatus) ? grpcStatus : 'missing';
    return ['wrong-answer', `grpc-status ${code}`];
  }
  const status = readStatus(body);
  if (status === SERVING) return ['ok', ''];
  return ['wrong-answer', STATUS_NAMES[status] ?? `health status ${status}`];
}

/** Field 1 of HealthCheckResponse; absent it is 0. */
function readStatus(body: Buffer): number {
  const length = body.length < 5 ? 0 : body.readUInt32BE(1);
  return length >= 2 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
}

function resultOfSession(error: Error): Parameters<Answer> {
  const code = codeOf(error);
  return code.startsWith('ERR_HTTP2') ? ['wrong-answer', code] : [...resultOfError(error)];
}
