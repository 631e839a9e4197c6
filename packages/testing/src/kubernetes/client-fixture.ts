/** Test support: an API server over TLS, clients of it, and a folder for their files; fresh for each test. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient, type GetOptions } from 'menwei/kubernetes/api-client.ts';
import { type Connection, plainConnection } from 'menwei/kubernetes/connection.ts';
import { afterEach, beforeEach } from 'vitest';
import { FakeApiServer, type FakeRequest, testdata } from './fake-api-server.ts';

export const PATH = '/api/v1/nodes';

/** Opened anew before each test and closed after it. */
class ClientFixture {
  readonly #clients: ApiClient[] = [];
  #server: FakeApiServer | undefined;
  #folder = '';

  async open(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'menwei-client-'));
    this.#server = await FakeApiServer.start();
  }

  async close(): Promise<void> {
    await this.closeClients();
    await this.#server?.[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  get server(): FakeApiServer {
    if (this.#server === undefined) throw new Error('BUG: the fixture is not open');
    return this.#server;
  }

  get folder(): string {
    return this.#folder;
  }

  /** A client that trusts the server, but for what `change` says. */
  clientOf(change: Partial<Connection>): ApiClient {
    const trust = { certificateAuthority: { file: testdata('ca.crt') } };
    const connection = { ...plainConnection(this.server.url), ...trust, ...change };
    const client = createApiClient(connection, { userAgent: 'menwei/test', qps: -1, burst: 1 });
    this.#clients.push(client);
    return client;
  }

  async read(client: ApiClient, options: Partial<GetOptions> = {}): Promise<string> {
    const signal = new AbortController().signal;
    const chunks: Buffer[] = [];
    const body = await client.get(PATH, { limit: '1' }, { signal, silenceMs: 5000, ...options });
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  /** What the server saw of a request made over a connection. */
  async seen(change: Partial<Connection>): Promise<FakeRequest> {
    await this.read(this.clientOf(change));
    const request = this.server.requests.at(-1);
    if (request === undefined) throw new Error('no request arrived');
    return request;
  }

  /** Kind and message of the failure of a request. */
  async failure(change: Partial<Connection>, options: Partial<GetOptions> = {}): Promise<[string, string]> {
    try {
      await this.read(this.clientOf(change), options);
    } catch (error) {
      if (error instanceof Error && 'failure' in error) return [String(error.failure), error.message];
      throw error;
    }
    throw new Error('the request did not fail');
  }

  /** A file in the folder, replaced in one step as the kubelet does it. */
  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    return file;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }
}

/** The fixture of a test file. */
export function useClientFixture(): ClientFixture {
  const fixture = new ClientFixture();
  beforeEach(() => fixture.open());
  afterEach(() => fixture.close());
  return fixture;
}

export function testText(name: string): string {
  return readFileSync(testdata(name), 'utf8');
}
