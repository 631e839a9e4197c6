/** The TCP connections of one relay, and when they have to end: with their endpoints, with the relay, or of old age. */
import type { RelayEvent, RelayLimits } from './contract.ts';
import type { TcpConnection } from './tcp-connection.ts';

type Reason = Extract<RelayEvent, { readonly event: 'ended' }>['why'];

/** How often within a limit it is looked whether something went over a connection: it may last that much longer. */
const SWEEPS_PER_LIMIT = 4;
const MAX_SWEEP_MS = 15_000;

export class TcpConnections {
  readonly #limits: RelayLimits;
  readonly #report: (why: Reason) => void;
  readonly #connections = new Set<TcpConnection>();
  #usable: ReadonlySet<string> = new Set();
  #reset: ReadonlySet<string> = new Set();
  /** Endpoints that are gone, with the end of their connections. */
  readonly #draining = new Map<string, NodeJS.Timeout>();
  #sweep: NodeJS.Timeout | undefined;
  /** Told when there is none any more. */
  #emptied: (() => void) | undefined;

  /** @param report told of each connection that is ended from here */
  constructor(limits: RelayLimits, report: (why: Reason) => void) {
    this.#limits = limits;
    this.#report = report;
  }

  get count(): number {
    return this.#connections.size;
  }

  add(connection: TcpConnection): void {
    this.#connections.add(connection);
    this.#sweep ??= setInterval(() => this.#endQuiet(performance.now()), this.#sweepMs());
  }

  /** It has got an endpoint now. */
  joined(connection: TcpConnection): void {
    const { endpoint } = connection;
    if (endpoint === undefined) return;
    if (this.#reset.has(endpoint.text)) this.#end(connection, 'down');
    else if (!this.#usable.has(endpoint.text)) this.#drain(endpoint.text);
  }

  /** It has ended. */
  delete(connection: TcpConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    for (const text of this.#draining.keys()) this.#takeBack(text);
    this.#emptied?.();
  }

  /** Connections to other endpoints have the drain limit to end, and those to some are reset at once. */
  stayWith(usable: ReadonlySet<string>, reset: ReadonlySet<string>): void {
    const former = this.#usable;
    this.#usable = usable;
    this.#reset = reset;
    if (reset.size > 0)
      this.#endAll(({ endpoint }) => endpoint !== undefined && reset.has(endpoint.text), 'down');
    for (const text of this.#draining.keys()) if (usable.has(text)) this.#takeBack(text);
    if (former.isSubsetOf(usable)) return;
    for (const { endpoint } of this.#connections)
      if (endpoint !== undefined && !usable.has(endpoint.text)) this.#drain(endpoint.text);
  }

  /** All have the drain limit to end. Resolves when they have. */
  async drain(): Promise<void> {
    if (this.#connections.size === 0) return;
    const timer = setTimeout(() => this.#endAll(() => true, 'drained'), this.#limits.drainMs);
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    clearTimeout(timer);
  }

  #drain(text: string): void {
    if (this.#draining.has(text)) return;
    const end = () => {
      this.#draining.delete(text);
      this.#endAll(({ endpoint }) => endpoint?.text === text, 'drained');
    };
    this.#draining.set(text, setTimeout(end, this.#limits.drainMs));
  }

  #takeBack(text: string): void {
    clearTimeout(this.#draining.get(text));
    this.#draining.delete(text);
  }

  #endAll(has: (connection: TcpConnection) => boolean, why: Reason): void {
    for (const connection of this.#connections) if (has(connection)) this.#end(connection, why);
  }

  #end(connection: TcpConnection, why: Reason): void {
    if (connection.reset()) this.#report(why);
  }

  #sweepMs(): number {
    const { idleMs, halfClosedMs } = this.#limits;
    return Math.min(MAX_SWEEP_MS, Math.min(idleMs, halfClosedMs) / SWEEPS_PER_LIMIT);
  }

  #endQuiet(nowMs: number): void {
    const { idleMs, halfClosedMs } = this.#limits;
    for (const connection of this.#connections) {
      // Dialing has limits of its own.
      if (connection.endpoint === undefined) continue;
      const quietMs = connection.quietMs(nowMs);
      if (quietMs < Math.min(idleMs, halfClosedMs)) continue;
      const { isWaiting, isHalfClosed } = connection;
      if (quietMs >= (isWaiting || isHalfClosed ? halfClosedMs : idleMs))
        this.#end(connection, isWaiting ? 'stalled' : 'idle');
    }
  }
}
