/** Requests and watches of many clients, for what measures a cluster. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

interface ClusterAccess {
  /** A URL. */
  readonly server: string;
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly token: string | undefined;
}

export interface Answer {
  readonly ms: number;
  /** As they were sent. */
  readonly bytes: number;
}

interface Ask {
  readonly method?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: http.Agent | false;
}

export interface OpenWatch {
  close(): void;
}

const CONNECTIONS = 64;

export class ClusterClient {
  readonly #access: ClusterAccess;
  readonly #agent: http.Agent;

  constructor(access: ClusterAccess) {
    const options = { keepAlive: true, maxSockets: CONNECTIONS };
    this.#access = access;
    this.#agent = access.server.startsWith('https:') ? new https.Agent(options) : new http.Agent(options);
  }

  get server(): string {
    return this.#access.server;
  }

  /** The same cluster by another of its addresses. */
  at(host: string): ClusterClient {
    const url = new URL(this.server);
    url.hostname = host;
    return new ClusterClient({ ...this.#access, server: url.origin });
  }

  close(): void {
    this.#agent.destroy();
  }

  async text(path: string, ask: Ask = {}): Promise<string> {
    return (await this.#read(path, ask)).body.toString();
  }

  async json(path: string, ask: Ask = {}) {
    return JSON.parse(await this.text(path, ask));
  }

  /** Reads an answer, and forgets it. */
  async time(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const beganAt = performance.now();
    const response = await this.#ask(path, { headers });
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(response, 'end');
    return { ms: performance.now() - beganAt, bytes };
  }

  create(path: string, body: object): Promise<unknown> {
    return this.#read(path, { method: 'POST', body });
  }

  replace(path: string, body: object): Promise<unknown> {
    return this.#read(path, { method: 'PUT', body });
  }

  merge(path: string, body: object): Promise<unknown> {
    return this.#read(path, {
      method: 'PATCH',
      body,
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  }

  /** Resolves when the watch is open; a connection of its own. */
  async watch(path: string, onLines: (count: number, chunk: Buffer) => void): Promise<OpenWatch> {
    const response = await this.#ask(path, { agent: false });
    response.on('error', () => undefined);
    response.on('data', (chunk: Buffer) => onLines(linesIn(chunk), chunk));
    return { close: () => response.destroy() };
  }

  /** The beginning of a watch, until it is marked as complete. */
  async watchList(path: string): Promise<Answer> {
    const beganAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    let bytes = 0;
    const watch = await this.watch(path, (_, chunk) => {
      bytes += chunk.length;
      if (chunk.subarray(-400).includes('initial-events-end'))
        resolve({ ms: performance.now() - beganAt, bytes });
    });
    const answer = await promise;
    watch.close();
    return answer;
  }

  async #read(path: string, ask: Ask): Promise<{ readonly body: Buffer }> {
    const response = await this.#ask(path, ask);
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(response, 'end');
    const body = Buffer.concat(chunks);
    const { statusCode = 0 } = response;
    if (statusCode >= 300) throw new Error(`${ask.method ?? 'GET'} ${path}: ${statusCode} ${body}`);
    return { body };
  }

  async #ask(path: string, { method = 'GET', body, headers = {}, agent = this.#agent }: Ask) {
    const { server, ca, cert, key, token } = this.#access;
    const make = server.startsWith('https:') ? https.request : http.request;
    const asked = make(`${server}${path}`, {
      ...{ method, agent, ca, cert, key },
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response]: http.IncomingMessage[] = await once(asked, 'response');
    if (response === undefined) throw new Error('BUG: an answer without an answer');
    asked.on('error', () => undefined);
    return response;
  }
}

function linesIn(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++;
  return count;
}

/** So many at a time, until all are done; milliseconds. */
export async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const beganAt = performance.now();
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return performance.now() - beganAt;
}
