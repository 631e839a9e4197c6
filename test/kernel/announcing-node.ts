/** Nodes of tests that announce, in this process. */

import type { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { PacketWire } from 'menwei/announce/l2/packet-wire.ts';
import { packetSpeaker } from './packet-speaker.ts';
import type { Namespace } from './segment-namespaces.ts';

/** A namespace with a speaker in it. */
export class AnnouncingNode implements AsyncDisposable {
  readonly at: Namespace;
  readonly speaker: L2Speaker;
  readonly #end = new AbortController();
  readonly #ended: Promise<void>;

  private constructor(at: Namespace, ready: () => void) {
    this.at = at;
    this.speaker = packetSpeaker(wireIn(at));
    this.#ended = at.within(() => this.speaker.run(this.#end.signal, ready));
  }

  /** As soon as it knows its interfaces. */
  static async open(at: Namespace): Promise<AnnouncingNode> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const node = new AnnouncingNode(at, resolve);
    await promise;
    return node;
  }

  /** These and nothing else. */
  announce(interfaceName: string, ...ips: readonly string[]): void {
    this.speaker.apply(ips.map((address) => ({ address, interfaces: [interfaceName] })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }
}

/** Sockets are opened while this thread is anywhere: all of them are to be in the node's namespace. */
function wireIn(at: Namespace): PacketWire {
  const wire = new PacketWire();
  const open = wire.open.bind(wire);
  wire.open = (...args) => {
    const port = at.within(() => open(...args));
    const join = port.join.bind(port);
    port.join = (address) => at.within(() => join(address));
    return port;
  };
  return wire;
}
