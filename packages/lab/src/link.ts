/** The cables between a node and the rest of its lab, and what may happen to them. */
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { configure } from './wiring.ts';

interface Ports {
  /** The interface at the end of the wire. */
  readonly wire: string;
  /** That of the management network, where the lab has one. */
  readonly management: string | undefined;
}

export class Link {
  readonly #wire: NetworkNamespace;
  readonly #ports: Ports;

  constructor(wire: NetworkNamespace, ports: Ports) {
    this.#wire = wire;
    this.#ports = ports;
  }

  /** As when its cable to the wire is pulled: the node sees that its carrier is gone. */
  down(): void {
    this.#configure(`link set ${this.#ports.wire} down`);
  }

  /** As when the switch fails that it hangs on: its interface on the wire stays up, and it reaches nobody, nor the API server. */
  isolate(): void {
    const { wire, management } = this.#ports;
    this.#configure(`link set ${wire} nomaster`);
    if (management !== undefined) this.#configure(`link set ${management} down`);
  }

  /** As it was in the beginning. */
  up(): void {
    const { wire, management } = this.#ports;
    if (management !== undefined) this.#configure(`link set ${management} up`);
    this.#configure(`link set ${wire} master wire up`);
  }

  #configure(command: string): void {
    configure(this.#wire, [command]);
  }
}
