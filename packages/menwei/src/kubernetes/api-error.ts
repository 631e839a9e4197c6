/** Why a request to the API server came to nothing: one error type, one line of text fit for a log. */

type ApiFailure =
  /** No connection, or it broke, or nothing came in time. */
  | 'unreachable'
  /** The TLS handshake failed: one side does not trust the other. */
  | 'certificate'
  /** The credentials could not be obtained (token file, exec plugin). */
  | 'credentials'
  /** 401 */
  | 'unauthorized'
  /** 403 */
  | 'forbidden'
  /** 404 */
  | 'not-found'
  /** 409: an object of this name exists, or is another version than the one that was to be replaced. */
  | 'conflict'
  /** 422 that names no field: a JSON patch does not fit what the object is now. */
  | 'mismatch'
  /** 410, or a resource version the server does not know: only a new list helps. */
  | 'gone'
  /** 429 or 5xx */
  | 'overloaded'
  /** Any other status. */
  | 'refused'
  /** The answer is not what the API promises. */
  | 'invalid-answer';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: ApiFailure;
  /** How long the server asks to be left alone; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(
    failure: ApiFailure,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** The server answers, but not with this: it does not have it, or we may not see it. Time alone will hardly change that. */
export function isWithheld({ failure }: ApiError): boolean {
  return failure === 'forbidden' || failure === 'not-found';
}

/**
 * A failed connection or handshake, or a connection that broke, in words.
 * @param route how the server was to be reached, if not directly
 */
export function connectionError(server: string, cause: unknown, route = ''): ApiError {
  const { code, message } = rootCause(cause);
  const isCertificate = isCertificateCode(code);
  const what = isCertificate ? ': TLS handshake failed' : ' is unreachable';
  const reason = (isCertificate ? undefined : CONNECTION_REASONS[code]) ?? oneLine(message);
  const details = [code, route].filter((detail) => detail !== '').join('; ');
  const text = `${server}${what}: ${reason}${details === '' ? '' : ` (${details})`}`;
  return new ApiError(isCertificate ? 'certificate' : 'unreachable', text, { cause });
}

const CONNECTION_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'timed out waiting for a response',
  ENOTFOUND: 'host name not found in DNS',
  EAI_AGAIN: 'DNS lookup failed temporarily',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'timed out waiting for a response',
  UND_ERR_BODY_TIMEOUT: 'the response was cut off',
};

/** An answer whose status is not 200. `body` is expected to be a Kubernetes Status. */
export function statusError(
  request: string,
  statusCode: number,
  body: unknown,
  retryAfterMs: number,
  isJsonPatch = false,
): ApiError {
  const status = isRecord(body) ? body : {};
  const text = typeof status.message === 'string' ? oneLine(status.message) : '';
  const isMismatch = isJsonPatch && statusCode === 422 && causesIn(status).length === 0;
  const failure = isMismatch ? 'mismatch' : (failureOfStatus(status) ?? failureOf(statusCode));
  // A forbidden request's own message names user, verb and resource, all there is to say.
  const message =
    failure === 'forbidden' && text !== ''
      ? text
      : `${request}: ${FAILURE_WORDS[failure] ?? 'refused'} (${statusCode}${text === '' ? '' : `: ${text}`})`;
  return new ApiError(failure, message, { retryAfterMs });
}

const FAILURE_WORDS: Partial<Record<ApiFailure, string>> = {
  unauthorized: 'the credentials are not accepted',
  forbidden: 'forbidden',
  'not-found': 'the server does not have this resource',
  gone: 'the resource version is too old or unknown',
  mismatch: 'the object is no longer what the patch expects',
  overloaded: 'the server is unavailable',
};

function failureOf(statusCode: number): ApiFailure {
  if (statusCode === 401) return 'unauthorized';
  if (statusCode === 403) return 'forbidden';
  if (statusCode === 404) return 'not-found';
  if (statusCode === 409) return 'conflict';
  if (statusCode === 410) return 'gone';
  return statusCode === 429 || statusCode >= 500 ? 'overloaded' : 'refused';
}

/** What the causes in a Status say beyond its code; undefined: nothing. */
function failureOfStatus(status: Readonly<Record<string, unknown>>): ApiFailure | undefined {
  const causes = causesIn(status);
  const has = (reason: string) => causes.some((cause) => isRecord(cause) && cause.reason === reason);
  // After a restore of etcd the versions start lower again; the server answers 504 then.
  if (has('ResourceVersionTooLarge')) return 'gone';
  // A 403, though no right is missing: nothing can be created any more in a namespace that goes.
  return has('NamespaceTerminating') ? 'refused' : undefined;
}

/** What is wrong with an object is told field by field; a test of a patch that fails is told with nothing. */
function causesIn({ details }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return isRecord(details) && Array.isArray(details.causes) ? details.causes : [];
}

function isCertificateCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|HOSTNAME_MISMATCH$|UNABLE_TO_)|SELF_SIGNED/.test(code);
}

/** The innermost error that has a code; an attempt on several addresses fails with all their errors in one. */
function rootCause(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (
    (code === '' || code.startsWith('UND_ERR_S') || code === 'UND_ERR_PRX_TLS') &&
    error.cause instanceof Error
  ) {
    return rootCause(error.cause);
  }
  return { code, message: error.message };
}

/** Text of others in a log line: no line breaks or control characters, not without end. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
