/** A node on a segment in memory: the real speaker, on interfaces that do what a test wants. */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { multicastMac, solicitedNodeGroup } from '@menwei/neighbor/multicast.ts';
import { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { Standstill } from 'menwei/announce/l2/standstill.ts';
import type { Port, PortListener, SegmentInterface, Wire } from 'menwei/announce/l2/wire.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { untilAborted } from 'menwei/scheduling/pause.ts';
import { failure } from '../kernel/refused.ts';
import type { FakeSegment } from './segment.ts';

const { ENETDOWN, ENODEV } = constants.errno;
const ALWAYS_HEARD: readonly string[] = ['ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01'];

interface SegmentNodeOptions {
  readonly mac: string;
  readonly onLink?: readonly string[];
  /** undefined: it has none yet. */
  readonly linkLocal?: string | undefined;
  readonly interface?: string;
  readonly refreshMs?: number;
  readonly random?: () => number;
}

/** With one interface, which is up at the start. */
export class SegmentNode implements Disposable {
  readonly speaker: L2Speaker;
  readonly wire: FakeWire;
  readonly #end = new AbortController();
  #stoodStillMs = 0;

  /** @param name as a node, and as a station of the segment */
  constructor(segment: FakeSegment, name: string, options: SegmentNodeOptions) {
    this.wire = new FakeWire(segment, name, {
      name: options.interface ?? 'eth0',
      index: 2,
      mac: options.mac,
      unusable: undefined,
      onLink: options.onLink ?? ['192.0.2.0/24', '2001:db8::/64'],
      linkLocal: 'linkLocal' in options ? options.linkLocal : 'fe80::1',
    });
    this.speaker = new L2Speaker({
      wire: this.wire,
      log: silentLogger,
      refreshMs: options.refreshMs ?? 60_000,
      random: options.random ?? (() => 0.5),
      standstill: new Standstill(4_000, () => performance.now() + this.#stoodStillMs),
    });
    void this.speaker.run(this.#end.signal, () => undefined);
  }

  /** To itself, it seems as if so much time had gone by in which it did not run. */
  standStill(forMs: number): void {
    this.#stoodStillMs += forMs;
  }

  /** As power-off: nothing of it is on the segment any more. */
  [Symbol.dispose](): void {
    this.wire.change(undefined);
    this.#end.abort();
  }
}

/** The one interface of a node. */
class FakeWire implements Wire {
  readonly #segment: FakeSegment;
  readonly #node: string;
  readonly #ports = new Set<FakePort>();
  readonly #listeners = new Set<() => void>();
  #interfaces: readonly SegmentInterface[];
  /** What an attempt to hear on it ends with. */
  refusal: Error | undefined;

  constructor(segment: FakeSegment, node: string, first: SegmentInterface) {
    this.#segment = segment;
    this.#node = node;
    this.#interfaces = [first];
  }

  get interfaces(): readonly SegmentInterface[] {
    return this.#interfaces;
  }

  /** `unusable: 'it has no carrier'`, another MAC address, another name; undefined: there is no interface any more. */
  change(change: Partial<SegmentInterface> | undefined): void {
    const [before] = this.#interfaces;
    this.#interfaces = change === undefined || before === undefined ? [] : [{ ...before, ...change }];
    for (const listener of [...this.#listeners]) listener();
  }

  /** As sockets have them that nobody is told of otherwise. */
  breakPorts(error: Error): void {
    for (const port of this.#ports) port.break(error);
  }

  onInterfaces(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  open(interfaceIndex: number, family: IpFamily, listener: PortListener): Port {
    if (this.refusal !== undefined) throw this.refusal;
    const port = new FakePort(this, interfaceIndex, family, listener);
    const membership = this.#segment.join(port);
    this.#ports.add(port);
    port.onEnd = () => {
      membership[Symbol.dispose]();
      this.#ports.delete(port);
    };
    return port;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready();
    await untilAborted(signal);
    this.change(undefined);
  }

  get node(): string {
    return this.#node;
  }

  transmit(by: FakePort, message: NeighborMessage): void {
    this.#segment.send(by, message);
  }
}

class FakePort implements Port {
  onEnd: () => void = () => undefined;
  readonly #wire: FakeWire;
  readonly #index: number;
  readonly #family: IpFamily;
  readonly #listener: PortListener;
  readonly #joined = new Map<string, string>();
  readonly #heard = new Set<string>();
  #isDeaf = false;

  constructor(wire: FakeWire, index: number, family: IpFamily, listener: PortListener) {
    this.#wire = wire;
    this.#index = index;
    this.#family = family;
    this.#listener = listener;
  }

  get name(): string {
    return this.#wire.node;
  }

  accepts(destination: string): boolean {
    const own = this.#own;
    if (own === undefined || own.unusable !== undefined || this.#isDeaf) return false;
    if (destination === own.mac || ALWAYS_HEARD.includes(destination)) return true;
    return [...this.#joined.values()].includes(destination);
  }

  hear(message: NeighborMessage): void {
    const isOfIpv6 = message.kind === 'solicitation' || message.kind === 'advertisement';
    if (this.#isDeaf || isOfIpv6 !== (this.#family === 'IPv6')) return;
    const isHeard =
      this.#heard.has(message.targetIp) || ('senderIp' in message && this.#heard.has(message.senderIp));
    if (isHeard) this.#listener.onMessage(message);
  }

  hearOf(ip: string): void {
    this.#heard.add(ip);
  }

  ignore(ip: string): void {
    this.#heard.delete(ip);
  }

  send(message: NeighborMessage): void {
    const own = this.#own;
    if (own === undefined) throw failure('send', 'a frame', ENODEV);
    if (own.unusable !== undefined || this.#isDeaf) throw failure('send', 'a frame', ENETDOWN);
    this.#wire.transmit(this, message);
  }

  join(ip: string): void {
    this.#joined.set(ip, multicastMac(solicitedNodeGroup(ip)));
  }

  leave(ip: string): void {
    this.#joined.delete(ip);
  }

  isBound(): boolean {
    return this.#own !== undefined;
  }

  break(error: Error): void {
    this.#isDeaf = true;
    this.#listener.onError(error);
  }

  [Symbol.dispose](): void {
    this.onEnd();
  }

  get #own(): SegmentInterface | undefined {
    return this.#wire.interfaces.find(({ index }) => index === this.#index);
  }
}
