/** One answer: its headers, warnings and body (cluster § 5.1). */
import type { ServerResponse } from 'node:http';
import { constants, createGzip } from 'node:zlib';
import { writeParts } from '../../http/response-writer.ts';
import type { StatusError } from '../schema/status-error.ts';

const MAX_WARNING_BYTES = 2 * 1024;
const MAX_WARNINGS_BYTES = 6 * 1024;

export class Reply {
  readonly response: ServerResponse;
  readonly #headers: Record<string, string>;
  readonly #warnings: string[] = [];

  constructor(response: ServerResponse, auditId: string) {
    this.response = response;
    this.#headers = { 'Audit-Id': auditId, 'Cache-Control': 'no-cache, private' };
  }

  /** Whether it is too late for another answer. */
  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  /** kubectl prints it. Equal ones are told once. */
  warn(...texts: readonly string[]): void {
    for (const text of texts) if (!this.#warnings.includes(text)) this.#warnings.push(text);
  }

  /** A complete answer, unless there was one already. */
  send(
    status: number,
    contentType: string,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (this.hasBegun) return;
    this.begin(status, contentType, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
    this.response.end(body);
  }

  refuse(error: StatusError): void {
    const { retryAfterSeconds } = error.refusal.details ?? {};
    this.send(
      error.code,
      'application/json',
      JSON.stringify(error.status),
      retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
    );
  }

  /** The head; the body follows. */
  begin(status: number, contentType: string, headers: Readonly<Record<string, string>> = {}): void {
    const { response } = this;
    for (const [name, value] of Object.entries({
      ...this.#headers,
      'Content-Type': contentType,
      ...headers,
    })) {
      response.setHeader(name, value);
    }
    const warnings = formatWarnings(this.#warnings);
    if (warnings.length > 0) response.setHeader('Warning', [...warnings]);
    response.writeHead(status);
  }

  /** A body in pieces, no faster than the client reads, and with turns for everybody else in between. */
  async sendPieces(contentType: string, pieces: Iterable<Buffer>, isCompressed: boolean): Promise<void> {
    const { response } = this;
    if (this.hasBegun) return;
    this.begin(200, contentType, isCompressed ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {});
    if (!isCompressed) {
      await writeParts(response, pieces);
      response.end();
      return;
    }
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    gzip.pipe(response);
    response.once('close', () => gzip.destroy());
    await writeParts(gzip, pieces);
    gzip.end();
  }
}

/** Values of `Warning` headers, as many and as long as clients take. */
export function formatWarnings(texts: readonly string[]): readonly string[] {
  const values: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const value = formatWarning(text);
    bytes += value.length;
    if (bytes > MAX_WARNINGS_BYTES) break;
    values.push(value);
  }
  return values;
}

/** A header holds bytes: text beyond ASCII is sent as UTF-8. */
function formatWarning(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand in a header
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  const whole = Buffer.from(clean);
  const cut = whole.length > MAX_WARNING_BYTES ? whole.subarray(0, MAX_WARNING_BYTES) : whole;
  return `299 - "${cut.toString('latin1').replace(/[\\"]/g, '\\$&')}"`;
}
