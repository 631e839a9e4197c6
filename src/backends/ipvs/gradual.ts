/**
 * Destinations that for a while have another weight than the one they are wanted with: those that drain and those in
 * slow start. Time comes in as an argument, in milliseconds of any clock that never goes back.
 */
import type {
  Destination,
  Frontend,
  FrontendKey,
  IpvsEdit,
  ObservedDestination,
} from '../../kernel/netlink/ipvs/contract.ts';
import { formatFrontend } from '../../kernel/netlink/ipvs/frontend.ts';
import { formatDestination } from './state.ts';

/** What a newcomer has at once of the weight it is to have. */
const FIRST_SHARE = 0.1;

interface Warming {
  /** With the weight it is to have. */
  destination: Destination;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** What it was given last. */
  weight: number;
}

interface Server {
  readonly frontend: Frontend;
  /** Until when each may keep its connections, by the text of the destination. */
  readonly draining: Map<string, number>;
  readonly warming: Map<string, Warming>;
}

export class GradualWeights {
  readonly #drainTimeoutMs: number;
  readonly #servers = new Map<FrontendKey, Server>();

  constructor(drainTimeoutMs: number) {
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  /** It gets no new connections from now on; one that drains already keeps its deadline. */
  drain(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>, nowMs: number): void {
    const { draining, warming } = this.#server(frontend);
    const text = formatDestination(destination);
    warming.delete(text);
    if (!draining.has(text)) draining.set(text, nowMs + this.#drainTimeoutMs);
  }

  /** It begins with a share of its weight: returns it as it is to be now. */
  warm(frontend: Frontend, destination: Destination, durationMs: number, nowMs: number): Destination {
    const weight = warmWeight(destination.weight, 0, durationMs);
    const warming: Warming = { destination, startedAtMs: nowMs, durationMs, weight };
    this.#server(frontend).warming.set(formatDestination(destination), warming);
    return { ...destination, weight };
  }

  /** Another weight to reach; undefined if it is not in slow start. */
  retarget(frontend: Frontend, destination: Destination, nowMs: number): Destination | undefined {
    const warming = this.#servers.get(formatFrontend(frontend))?.warming.get(formatDestination(destination));
    if (warming === undefined) return undefined;
    warming.destination = destination;
    warming.weight = warmWeight(destination.weight, nowMs - warming.startedAtMs, warming.durationMs);
    return { ...destination, weight: warming.weight };
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
      server.warming.delete(text);
      if (server.draining.size + server.warming.size > 0) return;
    }
    this.#servers.delete(key);
  }

  isDraining(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>): boolean {
    if (this.isEmpty) return false;
    return this.#servers.get(formatFrontend(frontend))?.draining.has(formatDestination(destination)) ?? false;
  }

  /** A destination in slow start as it is wanted in the end. */
  warmTarget(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>): Destination | undefined {
    if (this.isEmpty) return undefined;
    const server = this.#servers.get(formatFrontend(frontend));
    return server?.warming.get(formatDestination(destination))?.destination;
  }

  get isEmpty(): boolean {
    return this.#servers.size === 0;
  }

  /** The virtual servers some of whose destinations drain. */
  drainingFrontends(): readonly Frontend[] {
    return [...this.#servers.values()]
      .filter(({ draining }) => draining.size > 0)
      .map((each) => each.frontend);
  }

  /**
   * Takes off the list what needs no more waiting, going by what a virtual server holds now, and returns how to end it.
   * Somebody who gave a draining destination a weight wants it to stay.
   */
  takeDrained(frontend: Frontend, held: readonly ObservedDestination[], nowMs: number): readonly IpvsEdit[] {
    const draining = this.#servers.get(formatFrontend(frontend))?.draining;
    const edits: IpvsEdit[] = [];
    const present = new Map(held.map((destination) => [formatDestination(destination), destination]));
    for (const [text, endsAtMs] of draining ?? []) {
      const destination = present.get(text);
      if (destination !== undefined && destination.weight === 0) {
        const connections = destination.activeConnections + destination.inactiveConnections;
        if (connections > 0 && nowMs < endsAtMs) continue;
        edits.push({ change: 'remove-destination', frontend, destination });
      }
      draining?.delete(text);
    }
    this.#dropIfIdle(frontend);
    return edits;
  }

  /** Weights that have grown since the last time; what has reached its weight is on no list any more. */
  takeWarmed(nowMs: number): readonly IpvsEdit[] {
    const edits: IpvsEdit[] = [];
    for (const { frontend, warming } of this.#servers.values()) {
      for (const [text, each] of warming) {
        const { destination, startedAtMs, durationMs } = each;
        const weight = warmWeight(destination.weight, nowMs - startedAtMs, durationMs);
        if (weight !== each.weight) {
          each.weight = weight;
          edits.push({ change: 'set-destination', frontend, destination: { ...destination, weight } });
        }
        if (weight === destination.weight) warming.delete(text);
      }
      this.#dropIfIdle(frontend);
    }
    return edits;
  }

  #server(frontend: Frontend): Server {
    const key = formatFrontend(frontend);
    let server = this.#servers.get(key);
    if (server === undefined) {
      server = { frontend, draining: new Map(), warming: new Map() };
      this.#servers.set(key, server);
    }
    return server;
  }

  #dropIfIdle(frontend: Frontend): void {
    const key = formatFrontend(frontend);
    const server = this.#servers.get(key);
    if (server?.draining.size === 0 && server.warming.size === 0) this.#servers.delete(key);
  }
}

function warmWeight(weight: number, elapsedMs: number, durationMs: number): number {
  const share = durationMs <= 0 ? 1 : Math.min(1, Math.max(FIRST_SHARE, elapsedMs / durationMs));
  return Math.max(1, Math.floor(weight * share));
}
