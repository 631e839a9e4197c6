/** Asks a running proxy for its `/status`. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { request } from 'undici';
import type { HostPort } from '../config/settings.ts';
import { formatErrorChain } from '../log/error-text.ts';
import { parseStatus, type StatusRow } from './status-row.ts';

/** A proxy that is busy with a full sync of a large cluster takes a while to answer. */
const TIMEOUT_MS = 30_000;

export interface StatusAnswer {
  readonly rows: readonly StatusRow[];
  /** What was answered, as it is. */
  readonly text: string;
}

/** The proxy could not be asked, or what answered is not menwei. The message is one line for the user. */
export class StatusError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatusError';
  }
}

/** @throws StatusError, or the signal's reason. */
export async function fetchStatus({ host, port }: HostPort, signal: AbortSignal): Promise<StatusAnswer> {
  const place = formatHostPort(host, port);
  const { status, text } = await get(`http://${place}/status`, place, signal);
  if (status !== 200) {
    throw new StatusError(
      status === 404
        ? `${place} has no /status: what answers there is not menwei (kube-proxy has none)`
        : `${place}: /status was answered with HTTP ${status}`,
    );
  }
  const rows = parseStatus(text);
  if (rows === undefined) {
    throw new StatusError(`${place}: the answer to /status is not in the form of this version of menwei`);
  }
  return { rows, text };
}

async function get(
  url: string,
  place: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    // Not fetch, which has a list of ports that it never asks.
    const { statusCode, body } = await request(url, { signal: within });
    return { status: statusCode, text: await body.text() };
  } catch (cause) {
    signal.throwIfAborted();
    throw new StatusError(
      `can't read http://${place}/status: ${formatErrorChain(cause)}; is menwei running? (--metrics-bind-address names another place to ask)`,
      { cause },
    );
  }
}
