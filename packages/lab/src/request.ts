/** One request by HTTP or UDP from the calling thread's namespace, each over a connection of its own. */
import { createSocket } from 'node:dgram';
import { type IncomingMessage, request } from 'node:http';
import { familyOf, parseIp } from '@menwei/addresses/ip.ts';
import { type Answer, type Failure, failureOf, isFailure, type Outcome } from './outcome.ts';

export type RequestProtocol = 'http' | 'udp' | 'sctp';

export interface RequestOptions {
  /** How long to wait for the answer; 2,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** The source address, where the host has several. */
  readonly from?: string | undefined;
  /** The source port; requests from the same one belong to the same flow while the kernel remembers it. */
  readonly sourcePort?: number | undefined;
}

export interface SeriesOptions extends Omit<RequestOptions, 'sourcePort'> {
  readonly protocol?: RequestProtocol | undefined;
  /** Requests under way at a time; 16 unless given. */
  readonly concurrency?: number | undefined;
}

export const DEFAULT_TIMEOUT_MS = 2_000;

const REBIND_MS = 5;

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** Reads `10.0.0.1:80`, `[fd00::1]:80` or an `http://` URL of either; the port is 80 unless given. */
export function parseTarget(text: string): Target {
  const bare = text.replace(/^http:\/\//, '').replace(/\/.*$/, '');
  const [, six, four, port = '80'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(bare) ?? [];
  const address = parseIp(six ?? four ?? '');
  if (address === undefined || Number(port) > 65535) {
    throw new Error(`${text} is neither an address with a port (10.0.0.1:80, [fd00::1]:80) nor such a URL`);
  }
  return { address, port: Number(port) };
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'pod' in value && 'client' in value;
}

/** Reads the body of an answer of the echo server. */
export function decodeAnswer(body: string): Outcome {
  try {
    const value: unknown = JSON.parse(body);
    if (isAnswer(value)) return value;
  } catch (error) {
    return { error: 'failed', detail: `no answer of an echo server: ${failureOf(error).detail}` };
  }
  return { error: 'failed', detail: `no answer of an echo server: ${body}` };
}

export function timedOut(timeoutMs: number): Failure {
  return { error: 'timeout', detail: `no answer within ${timeoutMs} ms` };
}

/** What any HTTP server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** `GET /` over a new connection. */
export async function requestHttp(target: Target, options: RequestOptions = {}): Promise<Outcome> {
  const answer = await getHttp(target, '/', options);
  return isFailure(answer) ? answer : decodeAnswer(answer.body);
}

/** `GET` over a new connection, of whatever server. */
export function getHttp(
  target: Target,
  path: string,
  options: RequestOptions = {},
): Promise<HttpAnswer | Failure> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve) => {
    const message = request({
      host: target.address,
      port: target.port,
      path,
      agent: false,
      ...(options.from === undefined ? {} : { localAddress: options.from }),
      ...(options.sourcePort === undefined ? {} : { localPort: options.sourcePort }),
    });
    const timer = setTimeout(() => {
      resolve(timedOut(timeoutMs));
      message.destroy();
    }, timeoutMs);
    const finish = (answer: HttpAnswer | Failure): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    message.on('error', (error) => finish(failureOf(error)));
    message.on('response', (response) => void readAnswer(response).then(finish));
    message.end();
  });
}

/** All of it. */
export function readAnswer(response: IncomingMessage): Promise<HttpAnswer | Failure> {
  return new Promise((resolve) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body += text;
    });
    response.on('error', (error) => resolve(failureOf(error)));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
}

/** One datagram, and the first that comes back. Nothing is sent twice. */
export function requestUdp(target: Target, options: RequestOptions = {}): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve) => {
    const socket = createSocket(familyOf(target.address) === 'IPv4' ? 'udp4' : 'udp6');
    let isOver = false;
    const finish = (outcome: Outcome): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    let outcomeIfLate: Outcome = timedOut(timeoutMs);
    const timer = setTimeout(() => finish(outcomeIfLate), timeoutMs);
    const bind = (): void => {
      if (!isOver) socket.bind({ address: options.from, port: options.sourcePort }, connect);
    };
    socket.on('error', (error) => {
      if (!isStillBound(error)) return finish(failureOf(error));
      outcomeIfLate = failureOf(error);
      setTimeout(bind, REBIND_MS);
    });
    socket.once('message', (message) => finish(decodeAnswer(message.toString())));
    // Only a connected socket hears of an ICMP "port unreachable".
    const connect = (): void => {
      outcomeIfLate = timedOut(timeoutMs);
      socket.connect(target.port, target.address);
    };
    socket.once('connect', () => {
      socket.send('hello', (error) => {
        // A rule that drops what this host sends itself answers EPERM here. To the sender it is silence, as
        // it would be for TCP.
        const dropped = error !== null && 'code' in error && error.code === 'EPERM';
        if (error !== null && !dropped) finish(failureOf(error));
      });
    });
    if (options.from === undefined && options.sourcePort === undefined) connect();
    else bind();
  });
}

/**
 * A port whose socket was closed just now may not be free yet: a process that is being started meanwhile has a copy of
 * each descriptor until it executes its program.
 */
function isStillBound(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE';
}
