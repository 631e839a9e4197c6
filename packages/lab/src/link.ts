/** The cable between a host and the wire of its lab, and what may happen to it. */
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { configure } from './wiring.ts';

export class Link {
  readonly #wire: NetworkNamespace;
  readonly #port: string;

  /** @param port the interface at the end of the wire */
  constructor(wire: NetworkNamespace, port: string) {
    this.#wire = wire;
    this.#port = port;
  }

  /** As when the cable is pulled: the host sees that its carrier is gone. */
  down(): void {
    configure(this.#wire, [`link set ${this.#port} down`]);
  }

  /** As when a switch further away fails: the host's own interface stays up, and reaches nobody. */
  isolate(): void {
    configure(this.#wire, [`link set ${this.#port} nomaster`]);
  }

  /** As it was in the beginning. */
  up(): void {
    configure(this.#wire, [`link set ${this.#port} master wire up`]);
  }
}
