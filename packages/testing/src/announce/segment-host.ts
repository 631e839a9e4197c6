/** Another machine on a segment in memory: it has addresses, asks for others, and remembers who has them as Linux does. */
import { answer, askedFor, claimedIn, gratuitous, type Station } from '@menwei/neighbor/announcing.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { multicastMac, solicitedNodeGroup } from '@menwei/neighbor/multicast.ts';
import type { FakeSegment } from './segment.ts';

interface SegmentHostOptions {
  readonly mac: string;
  /** What it has, so that it answers for it. */
  readonly ips?: readonly string[];
  readonly linkLocal?: string;
}

export class SegmentHost implements Disposable {
  readonly name: string;
  readonly heard: NeighborMessage[] = [];
  /** Who has which address, as far as it was told; it learns of none that it has not asked for. */
  readonly neighbours = new Map<string, string>();
  readonly ips: Set<string>;
  readonly #segment: FakeSegment;
  readonly #station: Station;
  readonly #membership: Disposable;

  constructor(
    segment: FakeSegment,
    name: string,
    { mac, ips = [], linkLocal = 'fe80::aa' }: SegmentHostOptions,
  ) {
    this.name = name;
    this.ips = new Set(ips);
    this.#segment = segment;
    this.#station = { mac, linkLocal };
    this.#membership = segment.join(this);
  }

  accepts(destination: string): boolean {
    const isForGroup = [...this.ips].some(
      (ip) => ip.includes(':') && multicastMac(solicitedNodeGroup(ip)) === destination,
    );
    return isForGroup || [this.#station.mac, 'ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01'].includes(destination);
  }

  hear(message: NeighborMessage): void {
    this.heard.push(message);
    const asked = askedFor(message);
    const reply = asked !== undefined && this.ips.has(asked) ? answer(message, this.#station) : undefined;
    if (reply !== undefined) this.send(reply);
    const claimed = claimedIn(message);
    if (claimed !== undefined && this.neighbours.has(claimed.ip))
      this.neighbours.set(claimed.ip, claimed.mac);
  }

  send(message: NeighborMessage): void {
    this.#segment.send(this, message);
  }

  /** Says that the address is its own. */
  claim(ip: string): void {
    for (const message of gratuitous(ip, this.#station)) this.send(message);
  }

  /** Asks who has the address; {@link neighbours} has the last answer, {@link heard} all. */
  ask(ip: string): void {
    const { mac, linkLocal = '::' } = this.#station;
    if (!this.neighbours.has(ip)) this.neighbours.set(ip, '');
    if (ip.includes(':')) {
      const group = solicitedNodeGroup(ip);
      this.send({
        ...{ kind: 'solicitation', destination: multicastMac(group), source: mac, sourceIp: linkLocal },
        ...{ destinationIp: group, targetIp: ip, linkLayerAddress: mac },
      });
      return;
    }
    this.send({
      ...{ kind: 'arp-request', destination: 'ff:ff:ff:ff:ff:ff', source: mac, senderMac: mac },
      ...{ senderIp: '192.0.2.250', targetMac: '00:00:00:00:00:00', targetIp: ip },
    });
  }

  [Symbol.dispose](): void {
    this.#membership[Symbol.dispose]();
  }
}
