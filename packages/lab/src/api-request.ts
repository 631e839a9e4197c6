/** Requests to an API server with the certificate of a kubeconfig. Runs in a host's thread. */
import { request } from 'node:https';
import { type Failure, failureOf } from './outcome.ts';
import { type HttpAnswer, readAnswer, timedOut } from './request.ts';

/** Who asks, and whom. */
export interface ApiAccess {
  /** `https://192.168.49.1:6443` */
  readonly server: string;
  /** PEM of the server's authority, and of the client. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON; a merge patch with PATCH. */
  readonly body?: string | undefined;
}

const TIMEOUT_MS = 10_000;

export function sendToApi(
  { server, ca, cert, key }: ApiAccess,
  { method, path, body }: ApiRequest,
): Promise<HttpAnswer | Failure> {
  return new Promise((resolve) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const outgoing = request(new URL(path, server), {
      method,
      ca,
      cert,
      key,
      agent: false,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) },
      timeout: TIMEOUT_MS,
    });
    outgoing.on('timeout', () => {
      resolve(timedOut(TIMEOUT_MS));
      outgoing.destroy();
    });
    outgoing.on('error', (error) => resolve(failureOf(error)));
    outgoing.on('response', (response) => void readAnswer(response).then(resolve));
    outgoing.end(body);
  });
}
