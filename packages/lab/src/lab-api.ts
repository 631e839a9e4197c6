/** The API server of a lab, for demos and tests: objects as they come. */
import { readFileSync } from 'node:fs';
import type { ApiAccess } from './api-request.ts';
import type { LabHost } from './host.ts';
import { isFailure } from './outcome.ts';

/** Whatever an object has. */
// biome-ignore lint/suspicious/noExplicitAny: whoever asks knows what the object is
export type AnyObject = Record<string, any>;

export class LabApi {
  readonly #host: LabHost;
  readonly #access: ApiAccess;

  /** @param host from which the server is asked; @param kubeconfig a file with the data of keys and certificates */
  constructor(host: LabHost, kubeconfig: string) {
    this.#host = host;
    this.#access = readAccess(readFileSync(kubeconfig, 'utf8'));
  }

  get(path: string): Promise<AnyObject> {
    return this.#done('GET', path);
  }

  create(path: string, object: object): Promise<AnyObject> {
    return this.#done('POST', path, object);
  }

  /** A merge patch. */
  patch(path: string, patch: object): Promise<AnyObject> {
    return this.#done('PATCH', path, patch);
  }

  delete(path: string): Promise<AnyObject> {
    return this.#done('DELETE', path);
  }

  /** `200`, or whatever the server says to it. */
  async status(method: string, path: string, body?: object): Promise<number> {
    return (await this.#send(method, path, body)).status;
  }

  async #done(method: string, path: string, body?: object): Promise<AnyObject> {
    const answer = await this.#send(method, path, body);
    if (answer.status < 300) return JSON.parse(answer.body);
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  }

  async #send(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#host.api(this.#access, { method, path, body: text });
    if (isFailure(answer)) throw new Error(`${method} ${path}: ${answer.detail}`);
    return answer;
  }
}

function readAccess(kubeconfig: string): ApiAccess {
  const field = (name: string): string => {
    const [, value] = new RegExp(`^\\s*(?:- )?${name}: "?([^\\s"]+)"?$`, 'm').exec(kubeconfig) ?? [];
    if (value === undefined) throw new Error(`the kubeconfig has no ${name}`);
    return value;
  };
  const data = (name: string): string => Buffer.from(field(`${name}-data`), 'base64').toString('utf8');
  return {
    server: field('server'),
    ca: data('certificate-authority'),
    cert: data('client-certificate'),
    key: data('client-key'),
  };
}
