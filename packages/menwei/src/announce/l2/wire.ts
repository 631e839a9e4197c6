/**
 * What the speaker speaks through: the segments that this node's interfaces are on. The kernel's packet sockets (packet-wire.ts),
 * or a segment in memory for tests, which is held to the same behaviour.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import type { AnnouncingInterface } from '../speaker.ts';

export interface SegmentInterface extends AnnouncingInterface {
  /** One of its link-local IPv6 addresses, of which the kernel knows that nobody else has it. */
  readonly linkLocal: string | undefined;
}

export interface PortListener {
  onMessage(message: NeighborMessage): void;
  /** It may have missed something, and may hear nothing more. */
  onError(error: Error): void;
}

/** One interface as far as one IP family is concerned. */
export interface Port extends Disposable {
  /** Throws an error that says why not. */
  send(message: NeighborMessage): void;
  /** From now on what is said of this address is heard, before the next message is sent. Throws an error that says why not. */
  hearOf(ip: string): void;
  /** No longer; of what nobody needs to hear, some may be heard all the same. */
  ignore(ip: string): void;
  /** Of IPv6: from now on solicitations for this address are passed on by switches. Throws an error that says why not. */
  join(ip: string): void;
  leave(ip: string): void;
  /** Whether the interface is still the one it was opened on. Throws an error if that can't be found out. */
  isBound(): boolean;
}

export interface Wire {
  /** All there are while it runs; the same list as long as nothing changed. */
  readonly interfaces: readonly SegmentInterface[];
  /** Called at once whenever the list is another one. */
  onInterfaces(listener: () => void): Disposable;
  /** Throws an error that says why not. */
  open(interfaceIndex: number, family: IpFamily, listener: PortListener): Port;
  /**
   * Follows the interfaces until the signal fires; then there are none. Rejects when they can't be followed any more.
   *
   * @param ready called when they are known
   */
  run(signal: AbortSignal, ready: () => void): Promise<void>;
}
