/**
 * Destinations that are no longer wanted, and stay for a while with weight 0: those that drain. Time comes in as an
 * argument, in milliseconds of any clock that never goes back.
 */
import {
  type Destination,
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type ObservedDestination,
} from '@menwei/netlink/ipvs';
import { formatDestination } from './state.ts';

/**
 * The kernel tells the connections of all destinations of one virtual server, so a look costs as much whatever comes of
 * it. It comes after a part of the time that has gone by already, within these bounds.
 */
const LOOK_SHARE = 0.25;
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 15_000;

interface Server {
  readonly frontend: Frontend;
  /** Until when each may keep its connections, by the text of the destination. */
  readonly draining: Map<string, number>;
  /** When the latest of them began, and when it is worth a look whether one is done. */
  drainsSinceMs: number;
  nextLookMs: number;
}

export class DrainingDestinations {
  readonly #drainTimeoutMs: number;
  readonly #servers = new Map<FrontendKey, Server>();

  constructor(drainTimeoutMs: number) {
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  /** It gets no new connections from now on; one that drains already keeps its deadline. */
  drain(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>, nowMs: number): void {
    const server = this.#server(frontend);
    const text = formatDestination(destination);
    if (server.draining.has(text)) return;
    server.draining.set(text, nowMs + this.#drainTimeoutMs);
    server.drainsSinceMs = nowMs;
    server.nextLookMs = nowMs;
  }

  /** It is to be as it is wanted from now on, or is gone; without a destination: all of a virtual server. */
  forget(frontend: Frontend, destination?: Pick<Destination, 'ip' | 'port'>): void {
    if (this.isEmpty) return;
    const key = formatFrontend(frontend);
    const server = this.#servers.get(key);
    if (server === undefined) return;
    if (destination !== undefined) {
      const text = formatDestination(destination);
      server.draining.delete(text);
      if (server.draining.size > 0) return;
    }
    this.#servers.delete(key);
  }

  isDraining(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>): boolean {
    if (this.isEmpty) return false;
    return this.#servers.get(formatFrontend(frontend))?.draining.has(formatDestination(destination)) ?? false;
  }

  get isEmpty(): boolean {
    return this.#servers.size === 0;
  }

  /** The virtual servers some of whose destinations drain, and may be done. */
  drainingFrontends(nowMs: number): readonly Frontend[] {
    return [...this.#servers.values()]
      .filter(({ draining, nextLookMs }) => draining.size > 0 && nextLookMs <= nowMs)
      .map((each) => each.frontend);
  }

  /**
   * What a virtual server holds of those that drain and need no more waiting; whoever removes them says so by `forget`.
   * Somebody who gave a draining destination a weight wants it to stay.
   */
  findDrained(
    frontend: Frontend,
    held: readonly ObservedDestination[],
    nowMs: number,
  ): readonly ObservedDestination[] {
    const server = this.#servers.get(formatFrontend(frontend));
    if (server === undefined) return [];
    const done: ObservedDestination[] = [];
    const present = new Map(held.map((destination) => [formatDestination(destination), destination]));
    for (const [text, endsAtMs] of server.draining) {
      const destination = present.get(text);
      if (destination === undefined || destination.weight !== 0) server.draining.delete(text);
      else if (isIdle(destination) || nowMs >= endsAtMs) done.push(destination);
    }
    server.nextLookMs = nextLook(server, nowMs);
    this.#dropIfIdle(frontend);
    return done;
  }

  #server(frontend: Frontend): Server {
    const key = formatFrontend(frontend);
    let server = this.#servers.get(key);
    if (server === undefined) {
      server = { frontend, draining: new Map(), drainsSinceMs: 0, nextLookMs: 0 };
      this.#servers.set(key, server);
    }
    return server;
  }

  #dropIfIdle(frontend: Frontend): void {
    const key = formatFrontend(frontend);
    const server = this.#servers.get(key);
    if (server?.draining.size === 0) this.#servers.delete(key);
  }
}

function isIdle({ activeConnections, inactiveConnections }: ObservedDestination): boolean {
  return activeConnections + inactiveConnections === 0;
}

/** No later than the first of them has had its time. */
function nextLook({ draining, drainsSinceMs }: Server, nowMs: number): number {
  const share = LOOK_SHARE * (nowMs - drainsSinceMs);
  const waitMs = Math.min(LAST_LOOK_MS, Math.max(FIRST_LOOK_MS, share));
  return Math.min(nowMs + waitMs, ...draining.values());
}
