/** Asks a running proxy for its `/status`, and whether it has listed everything. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { LineSplitter } from '@menwei/kernel/line-splitter.ts';
import { type Dispatcher, request } from 'undici';
import type { HostPort } from '../config/settings.ts';
import { formatErrorChain } from '../log/error-text.ts';
import {
  type DeletedRow,
  isSourceRunning,
  parseStatus,
  parseStatusLine,
  type StatusRow,
} from './status-row.ts';

/** A proxy that is busy with a full sync of a large cluster takes a while to answer. */
const TIMEOUT_MS = 30_000;
/** Characters; reasons are shorter. */
const LONGEST_LINE = 1_000_000;
/** Bytes of all rows; a hundred thousand take 40 MB. */
const LONGEST_ANSWER = 256 * 1024 * 1024;

type Path = '/status' | '/components';

interface StatusAnswer {
  readonly rows: readonly StatusRow[];
  /** What was answered, as it is. */
  readonly text: string;
}

/** All rows that there are, which comes once, and then each that changes. */
export type StatusNews = { readonly rows: readonly StatusRow[] } | { readonly row: StatusRow | DeletedRow };

/** The proxy could not be asked, or what answered is not menwei. The message is one line for the user. */
export class StatusError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatusError';
  }
}

/** @throws StatusError, or the signal's reason. */
export async function fetchStatus(address: HostPort, signal: AbortSignal): Promise<StatusAnswer> {
  const text = await fetchText(address, '/status', signal);
  const rows = parseStatus(text);
  if (rows === undefined) throw unknownForm(formatHostPort(address.host, address.port));
  return { rows, text };
}

/**
 * Whether the proxy has listed everything that exists; false, too, when it does not say.
 *
 * @throws StatusError, or the signal's reason.
 */
export async function hasListed(address: HostPort, signal: AbortSignal): Promise<boolean> {
  return isSourceRunning(await fetchText(address, '/components', signal));
}

/** Goes on until the proxy ends or the signal fires. @throws StatusError, or the signal's reason. */
export async function* followStatus(address: HostPort, signal: AbortSignal): AsyncGenerator<StatusNews> {
  const place = formatHostPort(address.host, address.port);
  const { body } = await asking(address, '/status', signal, () =>
    get(address, '/status', '?watch', { signal, headersTimeout: TIMEOUT_MS, bodyTimeout: 0 }),
  );
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    yield* readNews({ next: () => asking(address, '/status', signal, () => chunks.next()) }, place);
  } finally {
    abandon(body);
  }
  throw new StatusError(`the proxy at ${place} has ended`);
}

async function* readNews(
  chunks: AsyncIterator<Uint8Array>,
  place: string,
): AsyncGenerator<StatusNews, undefined> {
  const lines = new LineSplitter(LONGEST_LINE, () => unknownForm(place));
  let listing: StatusRow[] | undefined = [];
  let listedBytes = 0;
  for (;;) {
    const chunk = await chunks.next();
    if (chunk.done === true) return;
    listedBytes += chunk.value.length;
    if (listing !== undefined && listedBytes > LONGEST_ANSWER) throw endless(place, '/status');
    for (const text of lines.push(chunk.value)) {
      const line = parseStatusLine(text);
      if (line === undefined) throw unknownForm(place);
      if ('listed' in line) {
        if (listing !== undefined) yield { rows: listing };
        listing = undefined;
      } else if (listing === undefined) yield { row: line };
      else if (line.state !== 'deleted') listing.push(line);
    }
  }
}

function fetchText(address: HostPort, path: Path, signal: AbortSignal): Promise<string> {
  return asking(address, path, signal, async () => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const { body } = await get(address, path, '', { signal: within });
    const chunks: Uint8Array[] = [];
    let length = 0;
    // Who leaves the loop closes the connection.
    for await (const chunk of body) {
      length += chunk.length;
      if (length > LONGEST_ANSWER) throw endless(formatHostPort(address.host, address.port), path);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  });
}

/** Whatever more comes, nobody waits for it. */
function abandon(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined).destroy();
}

type RequestOptions = Pick<Dispatcher.RequestOptions, 'signal' | 'headersTimeout' | 'bodyTimeout'>;

/** Not by fetch, which has a list of ports that it never asks. */
async function get({ host, port }: HostPort, path: Path, query: string, options: RequestOptions) {
  const place = formatHostPort(host, port);
  const response = await request(`http://${place}${path}${query}`, options);
  if (response.statusCode === 200) return response;
  abandon(response.body);
  throw new StatusError(
    response.statusCode === 404
      ? `${place} has no ${path}: what answers there is not menwei (kube-proxy has none)`
      : `${place}: ${path} was answered with HTTP ${response.statusCode}`,
  );
}

function unknownForm(place: string): StatusError {
  return new StatusError(`${place}: the answer to /status is not in the form of this version of menwei`);
}

function endless(place: string, path: Path): StatusError {
  return new StatusError(
    `${place}: the answer to ${path} is longer than ${LONGEST_ANSWER / 1024 / 1024} MiB`,
  );
}

/** What goes wrong on the way becomes a StatusError. */
async function asking<Answer>(
  { host, port }: HostPort,
  path: Path,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StatusError) throw cause;
    throw new StatusError(
      `can't read http://${formatHostPort(host, port)}${path}: ${formatErrorChain(cause)}; is menwei running? (--metrics-bind-address names another place to ask)`,
      { cause },
    );
  }
}
