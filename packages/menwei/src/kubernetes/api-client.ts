/** Requests to one API server: credentials, rate limit, and failures as {@link ApiError}. */
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Dispatcher, errors, request } from 'undici';
import { ApiError, connectionError, oneLine, statusError } from './api-error.ts';
import { Authenticator, type Identity } from './authenticator.ts';
import type { Connection } from './connection.ts';
import { TokenBucket } from './token-bucket.ts';
import { Transport } from './transport.ts';

/** What may be known of a request from outside. */
interface RequestIdentity {
  readonly verb: Message['method'];
  /** `10.96.0.1:443` */
  readonly host: string;
}

/** Is told what the client does, for metrics. */
export interface ClientObserver {
  /** A request waited so long for the client-side rate limit. */
  waited(request: RequestIdentity, seconds: number): void;
  /** @param status of HTTP; undefined: no answer came */
  answered(request: RequestIdentity, status: number | undefined): void;
  /** A request that has an end, which a watch has not, has come to it. The size of the answer is that of its text. */
  completed(request: RequestIdentity, seconds: number, requestBytes: number, responseBytes: number): void;
}

interface ApiClientOptions {
  /** `menwei/0.1.0` */
  readonly userAgent: string;
  /** clientConnection.qps; not positive: no limit. */
  readonly qps: number;
  /** clientConnection.burst */
  readonly burst: number;
  readonly observer?: ClientObserver | undefined;
}

export interface GetOptions {
  readonly signal: AbortSignal;
  /** The longest wait for the answer to begin, and between two pieces of it. */
  readonly silenceMs: number;
  /** Ask for a compressed answer: worth it for lists, while a watch must arrive event by event. */
  readonly compressed?: boolean;
}

export interface ApiClient {
  /** `https://10.0.0.1:6443`, for messages. */
  readonly server: string;
  /**
   * Sends a GET request; resolves when the server has accepted it (200), with the body as it arrives.
   * @param path `/api/v1/services`
   * @throws ApiError, also while the body is read; the signal's reason when it fires
   */
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    options: GetOptions,
  ): Promise<AsyncIterable<Buffer>>;
  /**
   * Sends an object or a change of one; resolves when the server has taken it (2xx), with what it has then; undefined where
   * the answer is no JSON.
   * @throws ApiError; the signal's reason when it fires
   */
  write(request: WriteRequest): Promise<unknown>;
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** Something to be created, put in the place of what is there, or changed by a patch. */
interface WriteRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** What the patch is: a merge patch (RFC 7396) unless given, or a list of operations (RFC 6902). */
  readonly patch?: 'merge' | 'json';
  /** `/apis/events.k8s.io/v1/namespaces/default/events` */
  readonly path: string;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly signal: AbortSignal;
  /** The longest wait for the answer. */
  readonly silenceMs: number;
}

/**
 * Opens nothing yet: the first connection is made by the first request.
 * @throws ConnectionConfigError when the environment names a proxy that is none
 */
export function createApiClient(connection: Connection, options: ApiClientOptions): ApiClient {
  return new UndiciApiClient(connection, options);
}

const MAX_STATUS_BYTES = 64 * 1024;
/** No API server stores objects of this size. */
const MAX_WRITTEN_BYTES = 8 * 2 ** 20;
const MAX_RETRY_AFTER_MS = 60_000;

/** What a request sends. */
interface Message {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly body: string | null;
  readonly contentType?: string;
}

interface Asked {
  readonly response: Dispatcher.ResponseData;
  /** Since the request was sent. */
  readonly seconds: () => number;
}

const NO_MESSAGE: Message = { method: 'GET', body: null };

class UndiciApiClient implements ApiClient {
  readonly #connection: Connection;
  readonly #userAgent: string;
  readonly #authenticator: Authenticator;
  readonly #transport: Transport;
  readonly #limit: TokenBucket;
  readonly #observer: ClientObserver | undefined;
  readonly #host: string;

  constructor(connection: Connection, { userAgent, qps, burst, observer }: ApiClientOptions) {
    this.#connection = connection;
    this.#userAgent = userAgent;
    this.#authenticator = new Authenticator(connection);
    this.#transport = new Transport(connection);
    this.#limit = new TokenBucket(qps, burst);
    this.#observer = observer;
    this.#host = new URL(connection.server).host;
  }

  get server(): string {
    return this.#connection.server;
  }

  async get(
    path: string,
    query: Readonly<Record<string, string>>,
    options: GetOptions,
  ): Promise<AsyncIterable<Buffer>> {
    const { response, seconds } = await this.#ask(`${path}?${new URLSearchParams(query)}`, options);
    // What a watch sends has no size, and takes as long as it likes.
    const completed = (bytes: number): void => {
      if (query.watch === 'true') return;
      this.#observer?.completed(this.#identify('GET'), seconds(), 0, bytes);
    };
    if (response.statusCode === 200) return this.#read(response, options.signal, completed);
    throw await this.#refusal(path, response);
  }

  async write({ method, patch = 'merge', path, body, signal, silenceMs }: WriteRequest): Promise<unknown> {
    const text = JSON.stringify(body);
    const contentType = method === 'PATCH' ? `application/${patch}-patch+json` : 'application/json';
    const message: Message = { method, body: text, contentType };
    const { response, seconds } = await this.#ask(path, { signal, silenceMs }, message);
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw await this.#refusal(path, response, method === 'PATCH' && patch === 'json');
    }
    const answer = await readStart(response.body, MAX_WRITTEN_BYTES);
    const sizes = [Buffer.byteLength(text), Buffer.byteLength(answer)] as const;
    this.#observer?.completed(this.#identify(method), seconds(), ...sizes);
    return parseJson(answer);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** With other credentials once more, if those are refused. */
  async #ask(target: string, options: GetOptions, message = NO_MESSAGE): Promise<Asked> {
    const askedMs = performance.now();
    await this.#limit.take(options.signal);
    const startedMs = performance.now();
    this.#observer?.waited(this.#identify(message.method), (startedMs - askedMs) / 1000);
    const url = `${this.server}${target}`;
    const seconds = () => (performance.now() - startedMs) / 1000;
    const identity = await unlessAborted(this.#authenticator.identity(), options.signal);
    const response = await this.#send(url, identity, options, message);
    if (response.statusCode !== 401 || !this.#authenticator.refused(identity)) return { response, seconds };
    await response.body.dump();
    const another = await unlessAborted(this.#authenticator.identity(), options.signal);
    return { response: await this.#send(url, another, options, message), seconds };
  }

  #identify(verb: Message['method']): RequestIdentity {
    return { verb, host: this.#host };
  }

  async #send(
    url: string,
    identity: Identity,
    options: GetOptions,
    { method, body, contentType }: Message,
  ): Promise<Dispatcher.ResponseData> {
    const compressed = options.compressed === true && !this.#connection.disableCompression;
    const dispatcher = this.#transport.dispatcher(identity);
    try {
      const response = await request(url, {
        dispatcher,
        method,
        body,
        signal: options.signal,
        headersTimeout: options.silenceMs,
        bodyTimeout: options.silenceMs,
        headers: {
          accept: 'application/json',
          'accept-encoding': compressed ? 'gzip' : 'identity',
          'user-agent': this.#userAgent,
          ...(contentType !== undefined && { 'content-type': contentType }),
          ...(identity.authorization !== undefined && { authorization: identity.authorization }),
          ...impersonationHeaders(this.#connection),
        },
      });
      this.#observer?.answered(this.#identify(method), response.statusCode);
      return response;
    } catch (cause) {
      if (!options.signal.aborted) this.#observer?.answered(this.#identify(method), undefined);
      throw this.#broken(cause, options.signal);
    }
  }

  async *#read(
    response: Dispatcher.ResponseData,
    signal: AbortSignal,
    completed: (bytes: number) => void,
  ): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for await (const chunk of decoded(response)) {
        bytes += chunk.length;
        yield chunk;
      }
      completed(bytes);
    } catch (cause) {
      throw this.#broken(cause, signal);
    } finally {
      response.body.destroy();
    }
  }

  async #refusal(
    path: string,
    { statusCode, headers, body }: Dispatcher.ResponseData,
    isJsonPatch = false,
  ): Promise<ApiError> {
    const status = parseJson(await readStart(body));
    const afterMs = retryAfterMs(headers['retry-after']);
    return statusError(`${this.server}${path}`, statusCode, status, afterMs, isJsonPatch);
  }

  #broken(cause: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (cause instanceof errors.InvalidArgumentError) {
      return new ApiError('refused', `${this.server}: ${oneLine(cause.message)}`, { cause });
    }
    return connectionError(this.server, cause, this.#transport.route);
  }
}

/** An exec plugin may take its time; the end of the program does not wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function impersonationHeaders({ impersonation }: Connection): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(impersonation).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  );
}

function decoded({ headers, body }: Dispatcher.ResponseData): Readable {
  if (headers['content-encoding'] !== 'gzip') return body;
  // An error of either stream reaches the reader through the other one.
  return pipeline(body, createGunzip(), () => undefined);
}

/** The text of an answer; what is wrong with reading it matters less than the status already known. */
async function readStart(body: Readable, mostBytes = MAX_STATUS_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > mostBytes) break;
    }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Refusals also come from proxies, in any format; only a Status is of use. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function retryAfterMs(header: string | string[] | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0;
}
