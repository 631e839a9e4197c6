/** Which endpoint a client had last (ClientIP affinity). Pure: time is an argument, in ms, and never goes back. */

interface Remembered {
  readonly endpoint: string;
  readonly usedMs: number;
}

/** The clients of one relay. */
export class Affinity {
  #ttlMs = 0;
  /** In the order of use, so that those that expire first come first. */
  readonly #clients = new Map<string, Remembered>();

  /** Clients in memory: all that have not expired, and of the others those that came after the last one remembered. */
  get size(): number {
    return this.#clients.size;
  }

  /** How long a client is remembered after its last use, those known already too; 0 forgets all. */
  setTtl(ttlMs: number): void {
    this.#ttlMs = ttlMs;
    if (ttlMs === 0) this.#clients.clear();
  }

  /** Identity of the endpoint that the client had. */
  endpointOf(clientIp: string, nowMs: number): string | undefined {
    const record = this.#clients.get(clientIp);
    return record === undefined || this.#hasExpired(record, nowMs) ? undefined : record.endpoint;
  }

  /** The client uses this endpoint now; its time starts anew. */
  remember(clientIp: string, endpoint: string, nowMs: number): void {
    if (this.#ttlMs === 0) return;
    this.#clients.delete(clientIp);
    this.#clients.set(clientIp, { endpoint, usedMs: nowMs });
    for (const [client, record] of this.#clients) {
      if (!this.#hasExpired(record, nowMs)) break;
      this.#clients.delete(client);
    }
  }

  /** Forgets the clients of all other endpoints. */
  keep(endpoints: ReadonlySet<string>): void {
    for (const [client, { endpoint }] of this.#clients)
      if (!endpoints.has(endpoint)) this.#clients.delete(client);
  }

  #hasExpired({ usedMs }: Remembered, nowMs: number): boolean {
    return nowMs - usedMs >= this.#ttlMs;
  }
}
