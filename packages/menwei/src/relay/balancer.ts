/**
 * Which endpoints to try for a connection or flow, and in what order. One for each relay, shared by its listeners: clients
 * keep their endpoint whichever way they come in. Pure: time (ms, never goes back) and chance are arguments.
 */
import { Affinity } from './affinity.ts';
import type { Relay, RelayEndpoint } from './contract.ts';
import { Rotation } from './rotation.ts';

/** For so long an endpoint that did not answer is tried after all others. */
export const AVOIDED_MS = 30_000;

export class Balancer {
  readonly #random: () => number;
  readonly #affinity = new Affinity();
  readonly #rotations = new Map<number, Rotation>();
  readonly #failedMs = new Map<string, number>();
  /** Of all listeners. */
  #endpoints: ReadonlySet<string> = new Set();

  /** @param random a number in [0, 1) */
  constructor(relay: Relay, random: () => number) {
    this.#random = random;
    this.update(relay);
  }

  /** Takes over the relay as it is now. Clients keep their endpoints as long as these are there. */
  update({ listeners, affinityMs }: Relay): void {
    const ports = new Set(listeners.map(({ port }) => port));
    for (const port of this.#rotations.keys()) if (!ports.has(port)) this.#rotations.delete(port);
    for (const { port, endpoints } of listeners) this.#rotationOf(port).update(endpoints);
    const former = this.#endpoints;
    this.#endpoints = new Set(listeners.flatMap(({ endpoints }) => endpoints.map(({ text }) => text)));
    this.#affinity.setTtl(affinityMs);
    if (former.isSubsetOf(this.#endpoints)) return;
    this.#affinity.keep(this.#endpoints);
    for (const text of this.#failedMs.keys()) if (!this.#endpoints.has(text)) this.#failedMs.delete(text);
  }

  /** Whether connections may go there, by whichever listener. */
  readonly has = ({ text }: RelayEndpoint): boolean => this.#endpoints.has(text);

  #rotationOf(port: number): Rotation {
    const known = this.#rotations.get(port);
    if (known !== undefined) return known;
    const rotation = new Rotation(this.#random);
    this.#rotations.set(port, rotation);
    return rotation;
  }

  /**
   * The endpoints to try for this client, each once and as late as it is asked for: the one that it had before, then those
   * whose turn it is; those that failed lately come last. None for a port without listener.
   */
  *order(port: number, clientIp: string, nowMs: number): Generator<RelayEndpoint, undefined, undefined> {
    const rotation = this.#rotations.get(port);
    if (rotation === undefined) return;
    const tried = new Set<string>();
    const isAvoided = (text: string) => this.#hasFailed(text, nowMs);
    const own = this.#affinity.endpointOf(clientIp, nowMs);
    const former = own === undefined || isAvoided(own) ? undefined : rotation.find(own);
    for (
      let endpoint = former ?? rotation.next(tried, isAvoided);
      endpoint !== undefined;
      endpoint = rotation.next(tried, isAvoided)
    ) {
      tried.add(endpoint.text);
      yield endpoint;
    }
  }

  /** The endpoint answered, and the client has it from now on. */
  succeeded({ text }: RelayEndpoint, clientIp: string, nowMs: number): void {
    this.#failedMs.delete(text);
    if (this.#endpoints.has(text)) this.#affinity.remember(clientIp, text, nowMs);
  }

  /** The endpoint did not answer; it comes last for a while, or until it has answered. */
  failed({ text }: RelayEndpoint, nowMs: number): void {
    if (this.#endpoints.has(text)) this.#failedMs.set(text, nowMs);
  }

  #hasFailed(text: string, nowMs: number): boolean {
    const failedMs = this.#failedMs.get(text);
    return failedMs !== undefined && nowMs - failedMs < AVOIDED_MS;
  }
}
